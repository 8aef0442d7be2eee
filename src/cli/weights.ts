/** Weights files of the command line: read, refused or heeded aloud, and never written with numbers that are none. */
import { findPart, modelOf } from '../catalog/parts';
import { safetensorsMetadata } from '../core/safetensors';
import { changedKeys } from '../experiment/changes';
import { numberOf } from '../experiment/plan';
import type { Experiment } from '../experiment/schema';
import {
  describeWeights,
  type NetworkDescription,
  readHeaderTexts,
  unwrapWeights,
  wrongNumbersIn,
} from '../experiment/weights-fit';
import { withKeys } from './experiment-source';
import { Failure } from './failure';
import { readBytes } from './input-file';
import { save } from './output';

export interface GivenWeights {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
  network: NetworkDescription;
}

type Say = (line: string) => void;

/** Does work on a file's content; what is wrong with it is said with its name. */
function about<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Error && error.constructor === Error ? new Failure(`${path}: ${error.message}`) : error;
  }
}

/**
 * A weights file, which must hold a whole network of the model that it names, or else of the experiment's. Throws a Failure that
 * says what it is instead.
 */
export function readWeights(path: string, { model, options, ...experiment }: Experiment, say: Say): GivenWeights {
  const read = readBytes(path);
  return about(path, () => {
    const { file, prefix } = unwrapWeights(read.buffer);
    if (prefix !== '') say(`${path}: all its names begin with ${prefix}, which was left out.`);
    const size = numberOf({ ...experiment, model, options }, 'data', 'size');
    const network = describeWeights(file, { model, options: options[model] ?? {}, size });
    return { path, bytes: new Uint8Array(file), network };
  });
}

const saysWhatItIs = ({ bytes }: GivenWeights) => readHeaderTexts(safetensorsMetadata(bytes.buffer)) !== undefined;

/** The experiment with the file's model, its options and the size of its images. */
function asTheFileSays(experiment: Experiment, { model, options, size }: NetworkDescription): Experiment {
  const sized = withKeys(experiment, { 'data.size': String(size) });
  return { ...sized, model, options: { ...sized.options, [model]: options } };
}

const inWords = (keys: Record<string, string>) =>
  Object.entries(keys)
    .map(([key, text]) => `${key}=${text}`)
    .join(' ');

/** What the file says otherwise than the experiment, as keys: its model, the options of that, the size. */
const otherwise = (experiment: Experiment, given: GivenWeights) =>
  changedKeys(asTheFileSays(experiment, given.network), experiment);

/**
 * The experiment that the file's weights are predicted with: the file's own, where it says one, and the keys that were set. What
 * differs is said aloud; a model, or options of it, that were set against the file are a Failure.
 */
export function heedFile(experiment: Experiment, given: GivenWeights, set: ReadonlySet<string>, say: Say): Experiment {
  if (!saysWhatItIs(given)) return experiment;
  const { path, network } = given;
  const { 'data.size': size, ...architecture } = about(path, () => otherwise(experiment, given));
  const against = Object.keys(architecture).filter((key) => set.has(key));
  if (against.length > 0) {
    const own = inWords(Object.fromEntries(against.map((key) => [key, architecture[key] ?? ''])));
    throw new Failure(`${path} is for ${modelOf(network.model).label} with ${own}, and something else was set.`);
  }
  const heeded = { ...architecture, ...(size !== undefined && !set.has('data.size') && { 'data.size': size }) };
  if (Object.keys(heeded).length > 0) say(`Taken from ${path}: ${inWords(heeded)}.`);
  if (size !== undefined && set.has('data.size')) {
    say(`${path} was trained at ${size} px; it predicts at ${numberOf(experiment, 'data', 'size')} px, as set.`);
  }
  const asFile = asTheFileSays(experiment, network);
  return set.has('data.size')
    ? { ...asFile, options: { ...asFile.options, data: experiment.options.data ?? {} } }
    : asFile;
}

/**
 * Whether a run may start from the file's weights: a Failure if they are of another model or of other options than the experiment
 * trains, or of other classes than the data has, where that is known. Another size is said aloud.
 */
export function checkInitial(experiment: Experiment, given: GivenWeights, classes: number | undefined, say: Say): void {
  const { path, network } = given;
  if (saysWhatItIs(given)) {
    const { 'data.size': size, ...architecture } = about(path, () => otherwise(experiment, given));
    if (Object.keys(architecture).length > 0) {
      throw new Failure(
        `${path} is for another network than this run trains: --set ${inWords(architecture)} makes it fit.`,
      );
    }
    const own = numberOf(experiment, 'data', 'size');
    if (size !== undefined) say(`${path} was trained at ${size} px; this run goes on at ${own} px.`);
  }
  if (classes !== undefined && classes !== network.classes) {
    throw new Failure(`${path} tells ${network.classes} classes apart, and the data has ${classes}.`);
  }
}

/** Writes trained weights; a Failure, and no file, if their numbers are none that a network can have. */
export function saveWeights(path: string, weights: Uint8Array<ArrayBuffer>): void {
  const wrong = about('The weights of the run', () => wrongNumbersIn(weights.buffer));
  if (wrong !== undefined) throw new Failure(`${path} is not written: ${wrong}.`);
  save(path, weights);
}

/** The keys that a person set by hand, --model among them. */
export const keysSet = (set: Readonly<Record<string, string>>, model: string | undefined): ReadonlySet<string> =>
  new Set([...Object.keys(set), ...(model !== undefined && findPart(model) ? ['model'] : [])]);
