/** Where the command line's experiments come from: a JSON file, a link, or preset:NAME, and then --set. */
import { existsSync, readFileSync } from 'node:fs';
import { defaultOptions, findPart } from '../catalog/parts';
import { presets } from '../experiment/presets';
import { type Checked, defaultExperiment, type Experiment, parseExperiment, setKeys } from '../experiment/schema';
import { fromLink } from '../experiment/url';
import { Failure } from './failure';

function accepted({ experiment, problems }: Checked): Experiment {
  if (experiment) return experiment;
  throw new Failure(problems.map(({ message }) => message).join(' '));
}

function fromFile(path: string): Experiment {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Failure(`${path} is not an experiment: ${(error as Error).message}`);
  }
  return accepted(parseExperiment(value));
}

function fromPreset(id: string): Experiment {
  const preset = presets.find((candidate) => candidate.id === id);
  if (preset) return preset.experiment;
  throw new Failure(`There is no preset "${id}". There are: ${presets.map((one) => one.id).join(', ')}.`);
}

function fromSearch(search: string): Experiment {
  const { experiment, problems } = fromLink(search);
  if (problems.length > 0) throw new Failure(problems.map(({ message }) => message).join(' '));
  return experiment;
}

/** The experiment that a word of the command line means. Throws a Failure that says what is wrong with it. */
export function readExperiment(word: string): Experiment {
  if (word.startsWith('preset:')) return fromPreset(word.slice('preset:'.length));
  if (/^https?:\/\//.test(word)) return fromSearch(new URL(word).search);
  if (existsSync(word)) return fromFile(word);
  if (word.includes('=') && !/\.json$/i.test(word)) return fromSearch(word);
  throw new Failure(`There is no file "${word}". An experiment is a JSON file, a link or preset:NAME.`);
}

/** The experiment with its --set keys. */
export const withKeys = (experiment: Experiment, keys: Readonly<Record<string, string>>): Experiment =>
  accepted(setKeys(experiment, keys));

/**
 * The named model with its published dimensions, in an experiment that is else the given one, or the default.
 * The default experiment's own model is shrunk for laptops, and nobody who asks for `resnet50-vd` means that.
 */
export function withModel(base: Experiment | undefined, model: string | undefined): Experiment {
  const experiment = base ?? defaultExperiment();
  if (model === undefined) return experiment;
  const chosen = withKeys(experiment, { model });
  const entry = findPart(model);
  if (base || !entry) return chosen;
  return { ...chosen, options: { ...chosen.options, [model]: defaultOptions(entry.part) } };
}
