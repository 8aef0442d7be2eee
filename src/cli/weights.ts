import { existsSync, readFileSync } from 'node:fs';
import { Failure } from './failure';

/** The bytes of a safetensors file, or undefined if none is named. */
export function readWeights(path: string | undefined): Uint8Array<ArrayBuffer> | undefined {
  if (path === undefined) return undefined;
  if (!existsSync(path)) throw new Failure(`There is no file "${path}".`);
  return new Uint8Array(readFileSync(path));
}
