/** Links: an experiment as a readable query string that says only what differs from the default. */
import { changedKeys } from './changes';
import {
  defaultExperiment,
  EXPERIMENT_VERSION,
  type Experiment,
  type Problem,
  setKeys,
  versionProblem,
} from './schema';

/** Longest query string that is read; browsers and chats cut links not far above. */
export const MAX_LINK_LENGTH = 8000;

/** encodeURIComponent that leaves what reads well and is harmless in a query: commas, colons, slashes. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/%2C|%3A|%2F/g, (escaped) => decodeURIComponent(escaped));

/** The query string of an experiment, without '?': 'v=1&mixup=on&mixup.alpha=0.4'. */
export function toLink(experiment: Experiment): string {
  const keys = Object.entries(changedKeys(experiment, defaultExperiment()));
  return [`v=${EXPERIMENT_VERSION}`, ...keys.map(([key, text]) => `${encode(key)}=${encode(text)}`)].join('&');
}

/**
 * Reads a query string (with or without '?'). Never throws: a link with anything wrong in it gives the default experiment
 * and every bad key with a message. A link without v is read as this version's.
 */
export function fromLink(search: string): { experiment: Experiment; problems: Problem[] } {
  const refuse = (...problems: Problem[]) => ({ experiment: defaultExperiment(), problems });
  if (search.length > MAX_LINK_LENGTH) {
    return refuse({ key: '', message: `The link is longer than ${MAX_LINK_LENGTH} characters.` });
  }
  const texts = new Map<string, string>();
  const repeated: Problem[] = [];
  for (const [key, text] of new URLSearchParams(search)) {
    if (texts.has(key)) repeated.push({ key, message: `"${key}" is in the link more than once.` });
    texts.set(key, text);
  }
  const version = texts.get('v');
  if (version !== undefined && version !== String(EXPERIMENT_VERSION)) return refuse(versionProblem('v', version));
  texts.delete('v');
  // fromEntries defines own properties, so that even a key like __proto__ stays a key and is refused by name.
  const { experiment, problems = [] } = setKeys(defaultExperiment(), Object.fromEntries(texts));
  const all = [...repeated, ...problems];
  return all.length || !experiment ? refuse(...all) : { experiment, problems: [] };
}
