/** Files that a person names, read with suspicion: what cannot be read is said by name, never by a parser or a system call. */
import { readFileSync, statSync } from 'node:fs';
import { decodeText } from '../core/text';
import { Failure } from './failure';

const reasons: Record<string, string> = {
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links go round in a circle',
};

/** What lies at a path: undefined if nothing does. Throws a Failure if that cannot be found out. */
function look(path: string): 'file' | 'folder' | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found && (found.isDirectory() ? 'folder' : 'file');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? 'no reason given';
  return new Failure(`${path} cannot be read: ${reasons[code] ?? code}.`);
}

/** True if there is something at the path, a file or a folder. A text that can be no path is nobody's. */
export const isThere = (path: string): boolean => {
  try {
    return look(path) !== undefined;
  } catch {
    return false;
  }
};

/** Throws a Failure unless there is a folder at the path. */
export function expectFolder(path: string, what: string): void {
  const found = look(path);
  if (found === undefined) throw new Failure(`There is no folder "${path}": ${what}.`);
  if (found === 'file') throw new Failure(`The path ${path} is a file, not a folder: ${what}.`);
}

/** The bytes of a file. */
export function readBytes(path: string): Uint8Array<ArrayBuffer> {
  const found = look(path);
  if (found === undefined) throw new Failure(`There is no file "${path}".`);
  if (found === 'folder') throw new Failure(`The path ${path} is a folder, and a file is wanted.`);
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The text of a file in UTF-8 or UTF-16, without its byte order mark. */
export function readText(path: string): string {
  const bytes = readBytes(path);
  try {
    return decodeText(bytes, { fatal: true });
  } catch {
    throw new Failure(`${path} is no text file (UTF-8 or UTF-16).`);
  }
}

/** What is wrong with a JSON text, and where, if the parser says so: 'goes wrong at line 3, column 7'. */
function flawOf(json: string, error: unknown): string {
  const { message } = error as Error;
  if (message.includes('end of JSON')) return 'ends too early';
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position === undefined) return 'goes wrong somewhere';
  const before = json.slice(0, Number(position)).split('\n');
  return `goes wrong at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/** The value of a JSON text; a Failure that names where it is from, and where it goes wrong. */
export function parseJson(json: string, name: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (json.trim() === '') throw new Failure(`${name} is empty, and JSON is wanted.`);
    if (!/^\s*[[{]/.test(json)) throw new Failure(`${name} holds something else than JSON.`);
    throw new Failure(`${name} is not valid JSON: it ${flawOf(json, error)}.`);
  }
}

export const readJson = (path: string): unknown => parseJson(readText(path), path);
