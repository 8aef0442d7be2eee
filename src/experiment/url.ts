/** Links: an experiment as a readable query string that says only what differs from the default. */
import { changedKeys } from './changes';
import { linkPairs, mended, withFirmEnd, withOwnLayers } from './link-text';
import { defaultExperiment, EXPERIMENT_VERSION, type Experiment, type Problem, setKeys } from './schema';
import { isTrackingKey } from './tracking-keys';

/** Longest query string that is read; browsers and chats cut links not far above. */
export const MAX_LINK_LENGTH = 8000;

/** encodeURIComponent that leaves what reads well and is harmless in a query: commas, colons, slashes. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/%2C|%3A|%2F/g, (escaped) => decodeURIComponent(escaped));

/** The query string of an experiment, without '?': 'v=1&mixup=on&mixup.alpha=0.4'. */
export function toLink(experiment: Experiment): string {
  const keys = Object.entries(changedKeys(experiment, defaultExperiment()));
  const pairs = keys.map(([key, text]) => `${encode(key)}=${encode(withOwnLayers(text))}`);
  return withFirmEnd([`v=${EXPERIMENT_VERSION}`, ...pairs].join('&'));
}

export interface LinkReading {
  experiment: Experiment;
  /** Each key that was not taken, and why. */
  problems: Problem[];
  /** There are problems and nothing else: it is a link of a newer version, or of something else. */
  unread: boolean;
}

/** The version that a link says, as a number; undefined if it says none. */
function readVersion(said: string): number | undefined {
  const text = mended(said);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The pairs of a link by key; those that say two different things are named and left out. */
function distinct(pairs: readonly [string, string][]): { texts: Map<string, string>; repeated: Problem[] } {
  const texts = new Map<string, string>();
  const contradicted = new Set<string>();
  for (const [key, text] of pairs) {
    if (texts.has(key) && texts.get(key) !== text) contradicted.add(key);
    texts.set(key, text);
  }
  for (const key of contradicted) texts.delete(key);
  const repeated = [...contradicted].map((key) => ({
    key,
    message: `"${key}" is in the link more than once, with different values.`,
  }));
  return { texts, repeated };
}

/** The settings with those of these keys mended, unless the link speaks of what they then would say, rightly or not. */
function withMended(
  texts: ReadonlyMap<string, string>,
  keys: ReadonlySet<string>,
  spoken: ReadonlySet<string>,
): Map<string, string> {
  const result = new Map([...texts].filter(([key]) => !keys.has(key)));
  for (const key of keys) {
    const [name, text] = [mended(key), texts.get(key) ?? ''];
    if (isTrackingKey(name)) continue;
    if (name !== key && (spoken.has(name) || result.has(name))) result.set(key, text);
    else result.set(name, mended(text));
  }
  return result;
}

const keysOf = (problems: readonly Problem[]) => new Set(problems.map(({ key }) => key));

/**
 * Reads a link: an address, a query string (with or without '?'), settings behind '#'. Never throws. A key that does not exist is
 * named and ignored, one with a bad value is named and keeps its default, the others are taken; keys that track readers are ignored
 * in silence. A link without v is read as this version's; one of a newer version, or too long, gives the default experiment.
 */
export function fromLink(link: string): LinkReading {
  const refuse = (key: string, message: string) => ({
    experiment: defaultExperiment(),
    problems: [{ key, message }],
    unread: true,
  });
  if (link.length > MAX_LINK_LENGTH) return refuse('', `The link is longer than ${MAX_LINK_LENGTH} characters.`);
  const { texts, repeated: problems } = distinct(linkPairs(link).filter(([key]) => !isTrackingKey(key)));
  const said = texts.get('v');
  texts.delete('v');
  const version = said === undefined ? undefined : readVersion(said);
  if (version !== undefined && version > EXPERIMENT_VERSION) {
    return refuse(
      'v',
      `This link has version ${String(version).slice(0, 20)}: a newer Tricklab made it, and this one reads version ${EXPERIMENT_VERSION}. Update or reload Tricklab to open it.`,
    );
  }
  if (said !== undefined && version !== EXPERIMENT_VERSION) {
    problems.push({ key: 'v', message: `v must be ${EXPERIMENT_VERSION}, the version of links.` });
  }
  // fromEntries defines own properties, so that even a key like __proto__ stays a key and is refused by name.
  const attempt = (settings: ReadonlyMap<string, string>) => setKeys(defaultExperiment(), Object.fromEntries(settings));
  let settings = texts;
  let read = attempt(settings);
  if (read.problems) {
    settings = withMended(settings, keysOf(read.problems), new Set([...texts.keys(), ...keysOf(problems)]));
    read = attempt(settings);
  }
  while (read.problems) {
    problems.push(...read.problems);
    const bad = keysOf(read.problems);
    const left = new Map([...settings].filter(([key]) => !bad.has(key)));
    if (left.size === settings.size) return { experiment: defaultExperiment(), problems, unread: true };
    settings = left;
    read = attempt(settings);
  }
  const unread = problems.length > 0 && settings.size === 0 && version !== EXPERIMENT_VERSION;
  return { experiment: read.experiment, problems, unread };
}
