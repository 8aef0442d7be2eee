/** Shards as the trainer finds them, read without a browser: a folder, a dataset of this checkout, or an address. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { messageOf } from '../core/message';
import type { ShardCache } from '../data/cache';
import { INDEX_NAMES } from '../data/index';
import { type OpenDataset, openDataset } from '../data/open';
import type { Experiment } from '../experiment/schema';
import { dataFolder } from './data-folder';
import { Failure } from './failure';

/** Where set-up builds the datasets that the page serves. */
const SITE = fileURLToPath(new URL('../../public/', import.meta.url));

/** The fetch of a machine: files by their file: URLs, the rest from the network. */
const fetchFile: typeof fetch = async (input, init) => {
  const url = new URL(String(input));
  if (url.protocol !== 'file:') return await fetch(input, init);
  const path = fileURLToPath(url);
  const there = existsSync(path) && statSync(path).isFile();
  return there ? new Response(readFileSync(path)) : new Response(null, { status: 404 });
};

/** Files are on a disk already. */
const noCache: ShardCache = { get: async () => undefined, put: async () => {} };

/** The dataset of a folder of shards, else the experiment's own. Throws a Failure for a person. */
export async function openNodeDataset(
  experiment: Experiment,
  folder: string | undefined,
  onProblem: (message: string) => void,
): Promise<OpenDataset> {
  const own = folder === undefined ? undefined : pathToFileURL(join(dataFolder(folder).path, INDEX_NAMES[0])).href;
  try {
    const place = { experiment, base: pathToFileURL(SITE).href, own };
    return await openDataset(place, { fetch: fetchFile, cache: noCache, onProblem });
  } catch (error) {
    throw new Failure(messageOf(error));
  }
}
