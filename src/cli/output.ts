/** Writing for two readers: JSON on stdout for programs, words for people; progress always on stderr. */
import { statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../core/message';
import type { Answer } from './declaration';
import { Failure } from './failure';

export interface Output {
  stdout(text: string): void;
  stderr(text: string): void;
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** The path, if a file can lie there: said before an hour of training, not behind it. */
export function pathToWrite(path: string): string {
  const folder = dirname(path);
  if (!isFolder(folder)) throw new Failure(`${path} cannot be written: there is no folder ${folder}.`);
  if (isFolder(path)) throw new Failure(`The path ${path} is a folder: name a file in it.`);
  return path;
}

/** Bytes or text to a file; a Failure in one line if that is impossible. */
export function save(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new Failure(`${path} cannot be written: ${messageOf(error)}`);
  }
}

const asJson = (result: unknown) => `${JSON.stringify(result)}\n`;

/** The result of a command to the file that it names, if it names one. */
export const saveResult = ({ result, out }: Pick<Answer, 'result' | 'out'>): void => {
  if (out !== undefined) save(out, asJson(result));
};

/** What a command answers: JSON if asked for, else its summary; also to a file if one is named. */
export function write(output: Output, answer: Answer & { json: boolean }): void {
  saveResult(answer);
  output.stdout(answer.json ? asJson(answer.result) : `${answer.summary}\n`);
}
