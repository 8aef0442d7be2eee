/** Writing for two readers: JSON on stdout for programs, words for people; progress always on stderr. */
import { writeFileSync } from 'node:fs';
import { Failure } from './failure';

export interface Output {
  stdout(text: string): void;
  stderr(text: string): void;
}

/** Bytes or text to a file; a Failure in one line if that is impossible. */
export function save(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new Failure(`${path} cannot be written: ${(error as Error).message}`);
  }
}

/** The result of a command: JSON if asked for, else its summary; also to a file if one is named. */
export function answer(
  output: Output,
  result: unknown,
  summary: string,
  { json, file }: { json: boolean; file?: string | undefined },
): void {
  const text = `${JSON.stringify(result)}\n`;
  if (file !== undefined) save(file, text);
  output.stdout(json ? text : `${summary}\n`);
}
