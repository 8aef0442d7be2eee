/**
 * What a run IS: choices (one id per kind), switches (tricks on or off) and options (per part id).
 * The one value that links, forms, files, the command line, the trainer and the store share.
 */
import { z } from 'zod';
import { datasets } from '../catalog/datasets';
import { controlOf, type OptionControl, type OptionValue, type OptionValues, type Part } from '../catalog/define';
import { type EngineChoice, engines } from '../catalog/engines';
import { models } from '../catalog/models';
import { optimizers } from '../catalog/optimizers';
import { allParts, defaultOptions, findPart } from '../catalog/parts';
import { schedules } from '../catalog/schedules';
import { rivalsOf, tricks } from '../catalog/tricks';
import { expectation, optionText, parseNumber, parseSwitch, readOption } from './option-text';

export interface Experiment {
  version: 1;
  /** Everything random follows from it. */
  seed: number;
  dataset: string;
  model: string;
  optimizer: string;
  schedule: string;
  /** What computes: 'fused', our kernels; 'reference', plain tfjs ops, for tests and for doubt. */
  engine: EngineChoice;
  /** Trick id -> on. Holds every trick of the registry. */
  on: Record<string, boolean>;
  /** Part id -> its options, complete: every part of the registry, chosen or not, so that a switch forgets nothing. */
  options: Record<string, OptionValues>;
}

/** What is wrong with an experiment, by its flat key ('mixup.alpha'), in words for a person. */
export interface Problem {
  key: string;
  message: string;
}

/** An experiment that is right, or everything that is wrong with it. */
export type Checked = { experiment: Experiment; problems?: never } | { problems: Problem[]; experiment?: never };

export const EXPERIMENT_VERSION = 1;
export const MAX_SEED = 2 ** 32 - 1;

/** The choices of an experiment, and what can be chosen. */
export const choices = {
  dataset: datasets,
  model: models,
  optimizer: optimizers,
  schedule: schedules,
  engine: engines,
} as const satisfies Record<string, readonly Part[]>;

export type Choice = keyof typeof choices;

const choiceKeys = Object.keys(choices) as Choice[];
const seedSchema = z.int().min(0).max(MAX_SEED);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The controls of a part's options, by option name. */
export function controlsOf(part: Part): Map<string, OptionControl> {
  return new Map(Object.entries(part.options.shape).map(([name, schema]) => [name, controlOf(schema as z.ZodType)]));
}

const strictSchemas = new WeakMap<Part, z.ZodType>();

/** The part's options without any others. zod compiles an object at its first parse, so each part's is made once. */
function strictOptions(part: Part): z.ZodType {
  const known = strictSchemas.get(part) ?? part.options.strict();
  strictSchemas.set(part, known);
  return known;
}

function checkOptions(part: Part, given: unknown, problems: Problem[]): OptionValues {
  if (given === undefined) return defaultOptions(part);
  if (!isRecord(given)) {
    problems.push({ key: part.id, message: `The options of "${part.id}" must be an object.` });
    return defaultOptions(part);
  }
  const result = strictOptions(part).safeParse(given);
  if (result.success) return result.data as OptionValues;
  const controls = controlsOf(part);
  const wrong = new Set<string>();
  for (const issue of result.error.issues) {
    const names = issue.code === 'unrecognized_keys' ? issue.keys : [String(issue.path[0])];
    for (const name of names) wrong.add(name);
  }
  for (const name of wrong) {
    const key = `${part.id}.${name}`;
    const control = controls.get(name);
    const message = control
      ? `${key} must be ${expectation(control)}.`
      : `"${part.id}" has no option called "${name}".`;
    problems.push({ key, message });
  }
  return defaultOptions(part);
}

function checkSwitches(given: unknown, problems: Problem[]): Record<string, boolean> {
  const on: Record<string, boolean> = {};
  if (given !== undefined && !isRecord(given)) problems.push({ key: 'on', message: 'The switches must be an object.' });
  const switches = isRecord(given) ? given : {};
  for (const id of Object.keys(switches)) {
    if (!tricks.some((trick) => trick.id === id))
      problems.push({ key: id, message: `There is no trick called "${id}".` });
  }
  for (const { id } of tricks) {
    const value = Object.hasOwn(switches, id) ? switches[id] : false;
    if (typeof value !== 'boolean') problems.push({ key: id, message: `${id} must be on or off.` });
    on[id] = value === true;
  }
  for (const [place, { id }] of tricks.entries()) {
    for (const { id: other } of rivalsOf(id)) {
      // Said once per pair, at the trick that comes last.
      const later = tricks.findIndex((trick) => trick.id === other) > place;
      if (on[id] && on[other] && later)
        problems.push({ key: other, message: `${id} and ${other} cannot be on together.` });
    }
  }
  return on;
}

/**
 * Checks a value that may come from anywhere (a file, the store, a message). Tricks that it does not name are off, options
 * that it does not name have their defaults, so runs outlive new parts; everything unknown or out of range is a problem.
 */
export function parseExperiment(value: unknown): Checked {
  if (!isRecord(value)) return { problems: [{ key: '', message: 'An experiment must be an object.' }] };
  const problems: Problem[] = [];
  if (value.version !== EXPERIMENT_VERSION) return { problems: [versionProblem('version', value.version)] };
  const known = new Set<string>(['version', 'seed', ...choiceKeys, 'on', 'options']);
  for (const key of Object.keys(value)) {
    if (!known.has(key)) problems.push({ key, message: `An experiment has no "${key}".` });
  }
  const seed = seedSchema.safeParse(value.seed);
  if (!seed.success) problems.push({ key: 'seed', message: `seed must be a whole number from 0 to ${MAX_SEED}.` });
  const choose = (key: Choice): string => {
    const ids = choices[key].map(({ id }) => id);
    // Runs that were kept before there was a choice of engines.
    const id = value[key] ?? (key === 'engine' ? engines[0]?.id : undefined);
    if (typeof id === 'string' && ids.includes(id)) return id;
    problems.push({ key, message: `${key} must be one of ${ids.join(', ')}.` });
    return ids[0] as string;
  };
  const chosen = {
    dataset: choose('dataset'),
    model: choose('model'),
    optimizer: choose('optimizer'),
    schedule: choose('schedule'),
    engine: choose('engine') as EngineChoice,
  };
  const given = value.options ?? {};
  if (!isRecord(given)) problems.push({ key: 'options', message: 'The options must be an object.' });
  const byPart = isRecord(given) ? given : {};
  for (const id of Object.keys(byPart)) {
    if (!findPart(id)) problems.push({ key: id, message: `There is nothing called "${id}".` });
  }
  const options: Record<string, OptionValues> = {};
  for (const { part } of allParts()) {
    options[part.id] = checkOptions(part, Object.hasOwn(byPart, part.id) ? byPart[part.id] : undefined, problems);
  }
  const on = checkSwitches(value.on, problems);
  if (problems.length || !seed.success) return { problems };
  return { experiment: { version: EXPERIMENT_VERSION, seed: seed.data, ...chosen, on, options } };
}

/** The problem of an experiment or link that another version of Tricklab made. */
function versionProblem(key: string, version: unknown): Problem {
  // Anything may stand there, even what cannot be made a text.
  const plain = typeof version === 'string' || typeof version === 'number';
  const said = plain ? `version ${String(version).slice(0, 20)}` : 'no version';
  return { key, message: `This experiment has ${said}; this Tricklab reads version ${EXPERIMENT_VERSION}.` };
}

/** Whether a part has a say in the run: a general one, the chosen one of its kind, or a trick that is on. */
export function isChosen(experiment: Experiment, id: string): boolean {
  const entry = findPart(id);
  if (entry?.kind === 'general') return true;
  if (entry?.kind === 'trick') return experiment.on[id] === true;
  return choiceKeys.some((key) => experiment[key] === id);
}

/** The experiment with a trick switched, and the tricks that it cannot be on with switched off. */
export function switchTrick(experiment: Experiment, id: string, on: boolean): Experiment {
  const off = Object.fromEntries(on ? rivalsOf(id).map((rival) => [rival.id, false]) : []);
  return { ...experiment, on: { ...experiment.on, ...off, [id]: on } };
}

/**
 * Overrides by flat keys: 'mixup' -> 'on', 'mixup.alpha' -> '.2', 'data.size' -> '32', 'model' -> 'cmt-tiny', 'seed' -> '3'.
 * Values are texts as in links, or what the texts stand for (true, .2, 32).
 * A trick switched on switches off its rivals, unless the keys say otherwise. Every bad key is named, and then nothing is changed.
 */
export function setKeys(experiment: Experiment, keys: Readonly<Record<string, OptionValue>>): Checked {
  const problems: Problem[] = [];
  let next: Experiment = { ...experiment, on: { ...experiment.on }, options: structuredClone(experiment.options) };
  const switched = new Map<string, boolean>();
  for (const [key, value] of Object.entries(keys)) {
    const text = optionText(value);
    const [id = '', name, ...more] = key.split('.');
    const entry = findPart(id);
    if (key === 'seed') {
      const seed = seedSchema.safeParse(parseNumber(text));
      if (seed.success) next.seed = seed.data;
      else problems.push({ key, message: `seed must be a whole number from 0 to ${MAX_SEED}.` });
    } else if ((choiceKeys as string[]).includes(key)) {
      Object.assign(next, { [key]: text });
    } else if (entry?.kind === 'trick' && name === undefined) {
      const on = parseSwitch(text);
      if (on === undefined) problems.push({ key, message: `${key} must be on or off.` });
      else switched.set(id, on);
    } else if (entry && name !== undefined && more.length === 0) {
      const control = controlsOf(entry.part).get(name);
      const read = control && readOption(control, text);
      if (!read) problems.push({ key, message: `"${id}" has no option called "${name}".` });
      else if (read.value === undefined) problems.push({ key, message: `${key} must be ${read.expected}.` });
      else (next.options[id] as OptionValues)[name] = read.value;
    } else {
      problems.push({ key, message: `There is no setting called "${key}".` });
    }
  }
  for (const [id, on] of switched) if (on) next = switchTrick(next, id, true);
  Object.assign(next.on, Object.fromEntries(switched));
  const checked = parseExperiment(next);
  if (checked.problems) problems.push(...checked.problems);
  return problems.length || !checked.experiment ? { problems } : { experiment: checked.experiment };
}

/** Every part at its defaults, every trick as it declares itself, the first of every choice. */
function catalogDefaults(): Experiment {
  return {
    version: EXPERIMENT_VERSION,
    seed: 1,
    dataset: datasets[0]?.id ?? '',
    model: models[0]?.id ?? '',
    optimizer: optimizers[0]?.id ?? '',
    schedule: schedules[0]?.id ?? '',
    engine: 'fused',
    on: Object.fromEntries(tricks.map(({ id, on }) => [id, on])),
    options: Object.fromEntries(allParts().map(({ part }) => [part.id, defaultOptions(part)])),
  };
}

function withKeys(base: Experiment, keys: Readonly<Record<string, OptionValue>>): Experiment {
  const { experiment, problems } = setKeys(base, keys);
  if (!experiment) throw new Error(problems.map(({ message }) => message).join(' '));
  return experiment;
}

const DEFAULT_KEYS = {
  dataset: 'fashion-mnist',
  model: 'resnet50-vd',
  'resnet50-vd.depths': '1,1,1,1',
  'resnet50-vd.width': '.25',
  'data.size': '28',
  'data.batch': '64',
  schedule: 'cosine',
  'stop.epochs': '5',
  'warmup.epochs': '.5',
};

const checkedDefault = withKeys(catalogDefaults(), DEFAULT_KEYS);

/** What the page opens with: a small ResNet-vd on Fashion-MNIST that a laptop trains in minutes. Links are relative to it. */
export const defaultExperiment = (): Experiment => structuredClone(checkedDefault);

/** The default experiment with some keys set; throws if one is wrong. For keys that are written in code. */
export function experimentWith(keys: Readonly<Record<string, OptionValue>>): Experiment {
  return withKeys(defaultExperiment(), keys);
}
