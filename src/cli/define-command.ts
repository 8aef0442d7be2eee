/** What a command is: its words, its options, its examples and what it does. Reading, help and refusals follow from it. */
import { readArguments } from './arguments';
import { Failure } from './failure';
import type { Output } from './output';

/** A value on the command line: of an option, or a word of its own. */
export interface Value<T> {
  kind: 'value';
  /** What stands for it in the help: 'FILE.json', 'N'. */
  placeholder: string;
  summary: string;
  /** The value that a text means; throws a Failure that says what was expected. */
  read(text: string, name: string): T;
  required?: true;
}

/** An option without a value. */
export interface Flag {
  kind: 'flag';
  summary: string;
}

/** Pairs of key=value, several after one option, and as often as one likes; the last of a key counts. */
export interface Assignments {
  kind: 'assignments';
  placeholder: string;
  summary: string;
  /** Every key that there is: --seed is answered with --set seed=. */
  keys(): readonly string[];
}

export type Option = Value<unknown> | Flag | Assignments;
export type Words = Readonly<Record<string, Value<unknown>>>;
export type Options = Readonly<Record<string, Option>>;

type ReadOf<O> = O extends Flag
  ? boolean
  : O extends Assignments
    ? Record<string, string>
    : O extends Value<infer T>
      ? O extends { required: true }
        ? T
        : T | undefined
      : never;

/** What a declaration's words and options are read as, by their names. */
export type Given<D extends Words | Options> = { [name in keyof D]: ReadOf<D[name]> };

/** What a command answers with: the frame prints it, as JSON or in words. */
export interface Answer {
  result: unknown;
  /** In words, for a person. */
  summary: string;
  /** File that shall have the result as JSON too. */
  out?: string | undefined;
}

export interface CommandDeclaration<W extends Words, O extends Options> {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** In their order. */
  words: W;
  options: O;
  /** Whole command lines behind the command's name. */
  examples: readonly string[];
  /** More for `help COMMAND`, if there is more to say. */
  details?: () => string;
  run(given: Given<W> & Given<O>, output: Output): Answer | Promise<Answer>;
}

/** A command of any words and options, as the list holds it. */
export interface Command extends Omit<CommandDeclaration<Words, Options>, 'run'> {
  /** Reads the arguments and does it. Rejects with a Failure for what a person can mend. */
  run(argv: readonly string[], output: Output): Promise<Answer & { json: boolean }>;
}

export function defineCommand<const W extends Words, const O extends Options>(
  declaration: CommandDeclaration<W, O>,
): Command {
  return {
    ...declaration,
    async run(argv, output) {
      const { given, json } = readArguments(argv, declaration);
      return { ...(await declaration.run(given as Given<W> & Given<O>, output)), json };
    },
  };
}

export const text = (placeholder: string, summary: string) =>
  ({ kind: 'value', placeholder, summary, read: (given: string) => given }) as const satisfies Value<string>;

export const flag = (summary: string) => ({ kind: 'flag', summary }) as const satisfies Flag;

/** A whole number of at least `least`. */
export const wholeNumber = (least: number, summary: string) =>
  ({
    kind: 'value',
    placeholder: 'N',
    summary,
    read(given: string, name: string) {
      const value = Number(given);
      if (/^\d+$/.test(given) && Number.isSafeInteger(value) && value >= least) return value;
      throw new Failure(`${name} must be a whole number of at least ${least}, not "${given}".`);
    },
  }) as const satisfies Value<number>;

export const required = <V extends Value<unknown>>(value: V) => ({ ...value, required: true }) as const;
