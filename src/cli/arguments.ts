/** Reads a command's words. Strict: an option that a command does not know is an error, never ignored. */
import { parseArgs } from 'node:util';
import { Failure } from './failure';

export interface Arguments {
  /** Words that are not options. */
  words: string[];
  /** Values of options that take one, by name without dashes. */
  values: Record<string, string>;
  /** Options that take no value and were given. */
  flags: ReadonlySet<string>;
  json: boolean;
  /** --set key=value, in order; a later one wins. */
  set: Record<string, string>;
}

const ASSIGNMENT = /^[a-z][a-z0-9-]*(\.[A-Za-z][A-Za-z0-9]*)?=[^&]*$/;

/** 'key=value' as a pair. Throws a Failure that says what was expected, and what was found. */
export function readAssignment(text: string, expected: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Failure(`${expected}, not "${text}".`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** One --set may be followed by several assignments; each gets its own. */
function spreadSet(argv: readonly string[]): string[] {
  const result: string[] = [];
  let setting = false;
  for (const word of argv) {
    if (word === '--set') {
      setting = true;
    } else if (setting && ASSIGNMENT.test(word)) {
      result.push(`--set=${word}`);
    } else {
      if (setting && result.at(-1)?.startsWith('--set=') !== true) {
        throw new Failure(`--set takes key=value, not "${word}".`);
      }
      setting = false;
      result.push(word);
    }
  }
  if (setting && result.at(-1)?.startsWith('--set=') !== true) throw new Failure('--set takes key=value.');
  return result;
}

/**
 * The words of one command. Throws a Failure that names what is wrong.
 * @param named options that take a value
 * @param words how many plain words the command takes at most
 * @param flags options that take none
 */
export function readArguments(
  argv: readonly string[],
  named: readonly string[],
  words: number,
  flags: readonly string[] = [],
): Arguments {
  const options = Object.fromEntries([
    ...named.map((name) => [name, { type: 'string' as const }]),
    ...flags.map((name) => [name, { type: 'boolean' as const }]),
  ]);
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({
      args: spreadSet(argv),
      options: { ...options, json: { type: 'boolean' }, set: { type: 'string', multiple: true } },
      allowPositionals: true,
    });
  } catch (error) {
    if (error instanceof Failure) throw error;
    // Node adds a second sentence of advice about quoting.
    throw new Failure(`${(error as Error).message.split('. ')[0]?.replace(/\.$/, '')}.`);
  }
  const { json, set, ...values } = parsed.values;
  const extra = parsed.positionals[words];
  if (extra !== undefined) throw new Failure(`There is a word too many: "${extra}".`);
  const assignments = ((set ?? []) as string[]).map((text) => readAssignment(text, '--set takes key=value'));
  return {
    words: parsed.positionals,
    values: values as Record<string, string>,
    flags: new Set(flags.filter((name) => parsed.values[name] === true)),
    json: json === true,
    set: Object.fromEntries(assignments),
  };
}

/** A whole number of at least `least` from an option's text; undefined if the option was not given. */
export function wholeNumber(args: Arguments, name: string, least: number): number | undefined {
  const text = args.values[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least) return value;
  throw new Failure(`--${name} must be a whole number of at least ${least}, not "${text}".`);
}
