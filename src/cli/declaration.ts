/** The words of a declaration: what options and answers of commands are made of. */

/** Tells the person something in a line of its own, beside the result. */
export type Say = (line: string) => void;

/** A value on the command line: of an option, or a word of its own. */
export interface Value<T> {
  kind: 'value';
  /** What stands for it in the help: 'FILE.json', 'N'. */
  placeholder: string;
  summary: string;
  /** The value that a text means; throws a Failure that says what was expected. What is no failure is said. */
  read(text: string, name: string, say: Say): T;
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

/** What a command answers with: the frame prints it, as JSON or in words. */
export interface Answer {
  result: unknown;
  /** In words, for a person. */
  summary: string;
  /** File that shall have the result as JSON too. */
  out?: string | undefined;
}
