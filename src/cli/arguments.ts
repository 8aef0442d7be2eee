/**
 * Reads a command's words against its declaration. Strict: what the command does not know is an error, never ignored.
 * Node's own tokenizer does the reading. citty 0.2 stands on the same one, and lets unknown options, words too many and repeated
 * options pass in silence; commander 14 hands a word after --set to it, whatever it is, takes the last of a repeated option,
 * and gives no types: of either, all that is below would have to be written again.
 */
import { parseArgs } from 'node:util';
import type { Option, Options, Say, Words } from './declaration';
import { Failure } from './failure';
import { didYouMean } from './suggest';

/** Options that every command has. */
export const commonOptions = {
  json: { kind: 'flag', summary: 'the result as JSON on stdout' },
  help: { kind: 'flag', summary: 'this text' },
} as const satisfies Options;

export interface Arguments {
  /** Words and options by their names; undefined where a value was not given. */
  given: Record<string, unknown>;
  json: boolean;
}

/** 'key=value' as a pair. Throws a Failure that says what was expected, and what was found. */
export function readAssignment(text: string, expected: string): [string, string] {
  const at = text.indexOf('=');
  const key = text.slice(0, Math.max(at, 0)).trim();
  if (key === '') throw new Failure(`${expected}, not "${text}".`);
  return [key, text.slice(at + 1).trim()];
}

/** A further assignment after --set, rather than an experiment: no link, and no query string of several keys. */
const isAssignment = (word: string) => /^[\p{L}_][\p{L}\d_.-]*\s*=(?!=)(?:[^&]*$|\s*https?:)/u.test(word);

/** One option of assignments may be followed by several; each gets its own. `key = value` in three words is one. */
function spread(argv: readonly string[], names: ReadonlySet<string>): string[] {
  const result: string[] = [];
  let option: string | undefined;
  let first = false;
  for (let i = 0; i < argv.length; i++) {
    let word = argv[i] as string;
    if (names.has(word)) {
      if (first) throw new Failure(`${option} takes key=value, not "${word}".`);
      option = word;
      first = true;
      continue;
    }
    if (option !== undefined && !word.startsWith('-')) {
      if (argv[i + 1] === '=' && argv[i + 2] !== undefined) {
        word = `${word}=${argv[i + 2]}`;
        i += 2;
      } else if (argv[i + 1]?.startsWith('=')) {
        word += argv[++i];
      }
    }
    if (option !== undefined && (first || isAssignment(word))) {
      readAssignment(word, `${option} takes key=value`);
      result.push(`${option}=${word}`);
    } else {
      option = undefined;
      result.push(word);
    }
    first = false;
  }
  if (first) throw new Failure(`${option} takes key=value.`);
  return result;
}

function unknownOption(command: string, rawName: string, options: Options): Failure {
  const names = Object.keys(options).map((name) => `--${name}`);
  const key = rawName.replace(/^-+/, '');
  for (const [name, option] of Object.entries(options)) {
    if (option.kind === 'assignments' && option.keys().includes(key)) {
      return new Failure(`${command} has no option ${rawName}: ${key} is a setting, --${name} ${key}=VALUE.`);
    }
  }
  const advice = didYouMean(rawName, names) || ` It has ${names.join(', ')}.`;
  return new Failure(`${command} has no option ${rawName}.${advice}`);
}

/** Throws if the option was given without the value that it wants, or with one that it does not. */
function checkToken(option: Option, rawName: string, value: string | undefined, inline: boolean | undefined): void {
  if (option.kind === 'flag') {
    if (value !== undefined) throw new Failure(`${rawName} takes no value: "${value}" is one too many.`);
  } else if (value === undefined || value === '') {
    throw new Failure(`${rawName} takes ${option.placeholder}, and nothing follows it.`);
  } else if (!inline && value.startsWith('--')) {
    throw new Failure(`${rawName} takes ${option.placeholder}, and "${value}" is an option.`);
  }
}

function readWords(
  command: string,
  words: Words,
  found: readonly string[],
  given: Map<string, unknown>,
  say: Say,
): void {
  const declared = Object.entries(words);
  const extra = found[declared.length];
  if (extra !== undefined) throw new Failure(`There is a word too many: "${extra}".`);
  for (const [i, [name, word]] of declared.entries()) {
    const text = found[i];
    if (text === undefined && word.required)
      throw new Failure(`${command} needs ${word.placeholder}: ${word.summary}.`);
    given.set(name, text === undefined ? undefined : word.read(text, word.placeholder, say));
  }
}

function readOption(
  command: string,
  name: string,
  option: Option,
  texts: readonly string[] | undefined,
  say: Say,
): unknown {
  switch (option.kind) {
    case 'flag':
      return texts !== undefined;
    case 'assignments': {
      const expected = `--${name} takes ${option.placeholder}`;
      return Object.fromEntries((texts ?? []).map((text) => readAssignment(text, expected)));
    }
    case 'value': {
      const text = texts?.[0];
      if (text !== undefined) return option.read(text, `--${name}`, say);
      if (option.required) throw new Failure(`${command} needs --${name} ${option.placeholder}: ${option.summary}.`);
      return undefined;
    }
  }
}

/** The arguments of one command. Throws a Failure that names what is wrong. */
export function readArguments(
  argv: readonly string[],
  { name: command, words, options: own }: { name: string; words: Words; options: Options },
  say: Say,
): Arguments {
  const options: Options = { ...own, ...commonOptions };
  const assigning = Object.keys(options).filter((name) => options[name]?.kind === 'assignments');
  const { tokens } = parseArgs({
    args: spread(argv, new Set(assigning.map((name) => `--${name}`))),
    options: Object.fromEntries(
      Object.entries(options).map(([name, { kind }]) => [name, { type: kind === 'flag' ? 'boolean' : 'string' }]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const found: string[] = [];
  const texts = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') found.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const option = rawName.startsWith('--') && Object.hasOwn(options, name) ? options[name] : undefined;
    if (!option) throw unknownOption(command, rawName, options);
    checkToken(option, rawName, value, inlineValue);
    const before = texts.get(name) ?? [];
    if (option.kind === 'value' && before.length > 0) throw new Failure(`${rawName} is there more than once.`);
    texts.set(name, [...before, value ?? '']);
  }
  const given = new Map<string, unknown>();
  // Options first: one that is wrong is said before a file is read for a word.
  for (const [name, option] of Object.entries(options)) {
    given.set(name, readOption(command, name, option, texts.get(name), say));
  }
  readWords(command, words, found, given, say);
  return { given: Object.fromEntries(given), json: given.get('json') === true };
}
