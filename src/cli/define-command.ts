/** What a command is: its words, its options, its examples and what it does. Reading, help and refusals follow from it. */
import { readArguments } from './arguments';
import type { Answer, Assignments, Flag, Options, Value, Words } from './declaration';
import { Failure } from './failure';
import type { Output } from './output';

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
      const { given, json } = readArguments(argv, declaration, (line) => output.stderr(`${line}\n`));
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
