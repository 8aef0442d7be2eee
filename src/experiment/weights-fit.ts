/** What a safetensors file holds the weights of, and whether they are all there. */
import { type OptionValues, plainModel } from '../catalog/define';
import { modelOf } from '../catalog/parts';
import { listNames } from '../core/names';
import {
  type NamedArray,
  parseSafetensors,
  renameTensors,
  safetensorsMetadata,
  tensorNames,
} from '../core/safetensors';
import { sizeOf } from '../core/shape';
import { countingLayers } from './shape-layers';

/** A network without its weights. */
export interface NetworkDescription {
  /** Ids and options of the catalog. */
  model: string;
  options: OptionValues;
  classes: number;
  /** Side of its images, pixels: some weights depend on it. */
  size: number;
}

/** The description as texts for a file's header. */
export const headerTexts = ({ model, options, classes, size }: NetworkDescription): Record<string, string> => ({
  format: 'pt',
  model,
  options: JSON.stringify(options),
  classes: String(classes),
  size: String(size),
});

const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^[1-9]\d{0,6}$/.test(text) ? Number(text) : undefined;

/** The description in a file's header; undefined in a file that another program wrote. Throws if it is not to be had here. */
export function readHeaderTexts(texts: ReadonlyMap<string, string>): NetworkDescription | undefined {
  const [model, json] = [texts.get('model'), texts.get('options')];
  const [classes, size] = [wholeNumber(texts.get('classes')), wholeNumber(texts.get('size'))];
  if (model === undefined || json === undefined || classes === undefined || size === undefined) return undefined;
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch {
    given = undefined;
  }
  const { options, label } = modelOf(model);
  const read = options.strict().safeParse(given);
  if (!read.success) throw new Error(`The file is for a ${label} with options that this Tricklab does not know.`);
  return { model, options: read.data as OptionValues, classes, size };
}

/** Number of values of every tensor of a network, running statistics included, by state-dict name. */
function tensorSizes({ model, options, classes, size }: NetworkDescription): Map<string, number> {
  const { nn, counts } = countingLayers();
  modelOf(model).forward(nn, [1, size, size, 3], options, { ...plainModel, classes, size });
  return new Map([...counts.parameters, ...counts.buffers].map(([name, shape]) => [name, sizeOf(shape)]));
}

/** How many classes a file's classifier has: the length of the one bias that grows with their number. */
function classesOf(network: Omit<NetworkDescription, 'classes'>, tensors: ReadonlyMap<string, NamedArray>): number {
  const [two, three] = [tensorSizes({ ...network, classes: 2 }), tensorSizes({ ...network, classes: 3 })];
  const bias = [...two].find(([name, size]) => size === 2 && three.get(name) === 3)?.[0] ?? '';
  const found = tensors.get(bias)?.data.length;
  if (!found) throw new Error(`The file has no ${bias}, so it is not for ${modelOf(network.model).label}.`);
  return found;
}

/** What PyTorch puts before every name: DataParallel, torch.compile, and a model that is a field of a larger one. */
const wrappers = ['module.', '_orig_mod.', 'model.'];

const wrapperOf = (names: readonly string[]) =>
  wrappers.find((wrapper) => names.length > 0 && names.every((name) => name.startsWith(wrapper)));

/**
 * The file without the prefixes that all its names share, where a wrapped model was saved; no model here has names that begin
 * so. Prefix: what was taken away, empty if nothing was. Throws if it is no safetensors file.
 */
export function unwrapWeights(file: ArrayBuffer): { file: ArrayBuffer; prefix: string } {
  let names = tensorNames(file);
  let prefix = '';
  for (let wrapper = wrapperOf(names); wrapper; wrapper = wrapperOf(names)) {
    prefix += wrapper;
    names = names.map((name) => name.slice(wrapper?.length));
  }
  return prefix === '' ? { file, prefix } : { file: renameTensors(file, (name) => name.slice(prefix.length)), prefix };
}

/** What is wrong with the numbers themselves, by tensor; undefined if nothing is. One pass, at most, over all of them. */
function wrongNumbers(tensors: ReadonlyMap<string, NamedArray>): string | undefined {
  for (const [name, { data }] of tensors) {
    const variance = name.endsWith('running_var');
    for (const value of data) {
      if (!Number.isFinite(value)) return `${name} holds numbers that are not finite`;
      if (variance && value < 0) return `${name} holds a variance below zero`;
    }
  }
  return undefined;
}

/** The same of a file. Throws if it is no safetensors file. */
export const wrongNumbersIn = (file: ArrayBuffer): string | undefined => wrongNumbers(parseSafetensors(file));

/**
 * What the weights are for: what the file says, or, if another program wrote it, the given model. Throws, in words for a person,
 * if it is no safetensors file, if tensors are missing, unknown, of another size or behind a wrapper's prefix, or if numbers in
 * them are none that a network can have.
 */
export function describeWeights(file: ArrayBuffer, otherwise: Omit<NetworkDescription, 'classes'>): NetworkDescription {
  const tensors = parseSafetensors(file);
  const wrapper = wrapperOf([...tensors.keys()]);
  if (wrapper) throw new Error(`All names in the file begin with ${wrapper}, the prefix of a wrapped model.`);
  const said = readHeaderTexts(safetensorsMetadata(file));
  const network = said ?? { ...otherwise, classes: classesOf(otherwise, tensors) };
  const expected = tensorSizes(network);
  const missing = [...expected.keys()].filter((name) => !tensors.has(name));
  const unknown = [...tensors.keys()].filter((name) => !expected.has(name) && !name.endsWith('num_batches_tracked'));
  const other = [...tensors].flatMap(([name, { data }]) => {
    const size = expected.get(name);
    return size !== undefined && size !== data.length ? [name] : [];
  });
  const problems = [
    ...(missing.length ? [`missing are ${listNames(missing)}`] : []),
    ...(unknown.length ? [`the model has no ${listNames(unknown)}`] : []),
    ...(other.length ? [`of another size are ${listNames(other)}`] : []),
  ];
  const { label } = modelOf(network.model);
  if (problems.length) {
    // Written by another program, it may well fit other options.
    const which = said ? label : `${label} with the options that are set`;
    throw new Error(`The file does not fit ${which}: ${problems.join('; ')}.`);
  }
  const wrong = wrongNumbers(tensors);
  if (wrong !== undefined) throw new Error(`${wrong}.`);
  return network;
}
