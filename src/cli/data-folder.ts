/** A folder of shards on this machine: what its index says, and how the browser may read it. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { INDEX_NAMES, parseShardIndex } from '../data/index';
import type { ShardIndex } from '../data/types';
import { Failure, orFailure } from './failure';
import { expectFolder, isThere, readJson } from './input-file';

export interface DataFolder {
  path: string;
  index: ShardIndex;
}

/** What the folder's index declares; throws a Failure if there is no valid one. */
export function dataFolder(path: string): DataFolder {
  expectFolder(path, '--data takes a folder of shards');
  const infoFile = INDEX_NAMES.map((name) => join(path, name)).find(isThere);
  if (!infoFile) throw new Failure(`${path} has no ${INDEX_NAMES[0]}: --data takes a folder of shards.`);
  const json = readJson(infoFile);
  const index = orFailure(() => parseShardIndex(json, pathToFileURL(infoFile).href));
  return { path: resolve(path), index };
}

/**
 * The file that a URL path names inside the folder, or undefined if it leads outside or to no file. Links in the folder are
 * followed, wherever they lead: whoever owns the folder has put them there, as they do to spread shards over disks.
 */
export function fileInside(folder: string, urlPath: string): string | undefined {
  let name: string;
  try {
    name = decodeURIComponent(urlPath.split('?')[0] ?? '').replace(/^\/+/, '');
  } catch {
    return undefined;
  }
  const path = resolve(folder, name);
  const inside = relative(folder, path);
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside) || name.includes('\0')) return undefined;
  return existsSync(path) && statSync(path).isFile() ? path : undefined;
}

/** Answers a GET or HEAD with a file of the folder, or 404; honours one Range, with which the loader resumes. */
export function serveFolder(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const path = fileInside(folder, request.url ?? '');
  if (!path) {
    response.writeHead(404).end();
    return;
  }
  const size = statSync(path).size;
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
  if (range && (start >= size || start > end)) {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    return;
  }
  response.writeHead(range ? 206 : 200, {
    'content-type': path.endsWith('.json') ? 'application/json' : 'application/octet-stream',
    'content-length': end - start + 1,
    'cache-control': 'no-store',
    ...(range && { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  if (request.method === 'HEAD' || size === 0) response.end();
  else createReadStream(path, { start, end }).pipe(response);
}
