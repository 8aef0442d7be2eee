/** Shards as the trainer finds them, read without a browser: a folder, a dataset of this checkout, or an address. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { datasetOf } from '../catalog/parts';
import type { ShardCache } from '../data/cache';
import { parseShardIndex } from '../data/index';
import type { ShardSource } from '../data/shards';
import type { ShardIndex } from '../data/types';
import type { Experiment } from '../experiment/schema';
import { dataFolder } from './data-folder';
import { Failure } from './failure';
import { parseJson } from './input-file';

/** Where set-up builds the datasets that the page serves. */
const SITE = fileURLToPath(new URL('../../public/', import.meta.url));

/** The fetch of a machine: files by their file: URLs, the rest from the network. */
const fetchFile: typeof fetch = async (input, init) => {
  const url = new URL(String(input));
  if (url.protocol !== 'file:') return await fetch(input, init);
  const path = fileURLToPath(url);
  return existsSync(path) ? new Response(readFileSync(path)) : new Response(null, { status: 404 });
};

/** Files are on a disk already. */
const noCache: ShardCache = { get: async () => undefined, put: async () => {} };

/** How the loader gets at a split here. */
export const shardSource = (index: ShardIndex, split: string): ShardSource => ({
  index,
  split,
  fetch: fetchFile,
  cache: noCache,
});

/** The index of a folder of shards, else of the experiment's own dataset. Throws a Failure for a person. */
export async function readShardIndex(experiment: Experiment, folder: string | undefined): Promise<ShardIndex> {
  if (folder !== undefined) return dataFolder(folder).index;
  const dataset = datasetOf(experiment.dataset);
  let address: string;
  try {
    const path = dataset.infoUrl(experiment.options[dataset.id] ?? {});
    address = URL.canParse(path) ? path : pathToFileURL(join(SITE, path)).href;
    const answer = await fetchFile(address);
    if (!answer.ok) throw new Error(`there is none at ${address} (${answer.status})`);
    return parseShardIndex(parseJson(await answer.text(), address), address);
  } catch (error) {
    throw new Failure(`The index of the shards cannot be read: ${(error as Error).message}`);
  }
}
