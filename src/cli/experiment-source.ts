/** Where the command line's experiments come from: a JSON file, a link, or preset:NAME, and then --set. */
import { allParts, defaultOptions, findPart } from '../catalog/parts';
import { tricks } from '../catalog/tricks';
import { tidyLink } from '../experiment/link-text';
import { presets } from '../experiment/presets';
import {
  type Checked,
  choices,
  controlsOf,
  defaultExperiment,
  type Experiment,
  type Problem,
  parseExperiment,
  setKeys,
} from '../experiment/schema';
import { fromLink } from '../experiment/url';
import type { Say } from './declaration';
import { Failure } from './failure';
import { isThere, readJson } from './input-file';
import { didYouMean } from './suggest';

/** Every key of links and --set. */
export const settings = (): string[] => [
  'seed',
  ...Object.keys(choices),
  ...tricks.map(({ id }) => id),
  ...allParts().flatMap(({ part }) => [...controlsOf(part).keys()].map((name) => `${part.id}.${name}`)),
];

/** The problems in words; beside a setting that does not exist, the one that may have been meant. */
function inWords(problems: readonly Problem[]): string {
  const known = settings();
  return problems
    .map(({ key, message }) => message + (key === '' || known.includes(key) ? '' : didYouMean(key, known)))
    .join(' ');
}

function accepted({ experiment, problems }: Checked): Experiment {
  if (experiment) return experiment;
  throw new Failure(inWords(problems));
}

/** What a command's result holds -> the command. Those of train and compare hold their experiment, link's its link. */
const signs = { logits: 'predict', lr: 'schedule', gmacs: 'info', speed: 'bench', ops: 'augment' };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An experiment in a file, or in a file that a command wrote with --out or --json. */
function fromFile(path: string, say: Say): Experiment {
  const value = readJson(path);
  if (!isRecord(value)) throw new Failure(`${path} is not an experiment: that would be a JSON object.`);
  const whole = value.version !== undefined;
  if (!whole && typeof value.link === 'string') return fromText(value.link, say);
  const inside = !whole && isRecord(value.experiment) ? value.experiment : value;
  if (inside === value && !whole) {
    const sign = Object.entries(signs).find(([key]) => Object.hasOwn(value, key));
    const what = sign ? `holds what \`${sign[1]}\` answered` : 'names no version';
    throw new Failure(`${path} is not an experiment: it ${what}.`);
  }
  const { experiment, problems } = parseExperiment(inside);
  if (experiment) return experiment;
  const where = inside === value ? path : `${path}, under "experiment"`;
  throw new Failure(`${where}: ${inWords(problems)}`);
}

function fromPreset(id: string): Experiment {
  const preset = presets.find((candidate) => candidate.id === id);
  if (preset) return preset.experiment;
  const ids = presets.map((one) => one.id);
  throw new Failure(`There is no preset "${id}".${didYouMean(id, ids) || ` There are: ${ids.join(', ')}.`}`);
}

const HTTP = /^https?:\/\//i;

/** An address, or a query string alone. What of it is not taken is said; a Failure if that is all of it. */
function fromText(text: string, say: Say): Experiment {
  const link = tidyLink(text);
  if (HTTP.test(link) && !URL.canParse(link)) {
    throw new Failure(`"${text}" begins like a link and is none: its address is not valid.`);
  }
  const { experiment, problems, unread } = fromLink(text);
  if (unread) throw new Failure(inWords(problems));
  if (problems.length > 0) say(`Of this link not all was taken. ${inWords(problems)}`);
  return experiment;
}

/** Whether a word that is no file can only be a link. */
function isLink(word: string): boolean {
  const link = tidyLink(word);
  return HTTP.test(link) || (link.includes('=') && (!/\.json$/i.test(link) || /[?&]|:\/\//.test(link)));
}

/** The experiment that a word of the command line means. Throws a Failure that says what is wrong with it. */
export function readExperiment(word: string, say: Say): Experiment {
  if (word.startsWith('preset:')) return fromPreset(word.slice('preset:'.length));
  if (isThere(word)) return fromFile(word, say);
  const [, mistyped] = /^\s*presets?\s*[:=]\s*(.+?)\s*$/i.exec(word) ?? [];
  if (mistyped !== undefined) {
    throw new Failure(`There is no file "${word}". A preset is written preset:NAME: did you mean preset:${mistyped}?`);
  }
  if (isLink(word)) return fromText(word, say);
  const presetNamed = presets.some(({ id }) => id === word) ? ` The preset of that name is preset:${word}.` : '';
  throw new Failure(
    `There is no file "${word}".${presetNamed || ' An experiment is a JSON file, a link or preset:NAME.'}`,
  );
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
