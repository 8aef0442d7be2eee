import { afterEach, beforeEach, expect, it } from 'vitest';
import { clearShardCache, openShardCache, shardCacheBytes } from '../../../src/data/cache';
import type { CacheCall } from './cache.worker';

let worker: Worker;
beforeEach(async () => {
  await clearShardCache();
  worker = new Worker(new URL('./cache.worker.ts', import.meta.url), { type: 'module' });
});
afterEach(() => worker.terminate());

function ask(call: CacheCall): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(call);
  });
}
const put = (name: string, fill: number, capBytes = 1000) =>
  ask({ call: 'put', name, bytes: new Uint8Array(300).fill(fill), capBytes });
const get = (name: string) => ask({ call: 'get', name });
/** File times have a resolution of milliseconds. */
const tick = () => new Promise((resolve) => setTimeout(resolve, 20));

it('keeps shards on disk under the cap and drops the least recently used', async () => {
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    await put(name, i);
    await tick();
  }
  expect(await shardCacheBytes()).toBe(900);
  expect(await get('a')).toEqual(new Uint8Array(300).fill(0));
  await tick();
  await put('d', 3);
  expect(await get('b')).toBeUndefined();
  for (const [name, fill] of [
    ['a', 0],
    ['c', 2],
    ['d', 3],
  ] as const) {
    expect(await get(name)).toEqual(new Uint8Array(300).fill(fill));
  }
  expect(await shardCacheBytes()).toBe(900);
});

it('does not drop everything for a shard that is larger than the cap', async () => {
  await put('a', 1);
  await put('b', 2, 200);
  expect(await get('a')).toEqual(new Uint8Array(300).fill(1));
  expect(await get('b')).toBeUndefined();
});

it('is empty after clearing', async () => {
  await put('a', 1);
  await clearShardCache();
  expect(await shardCacheBytes()).toBe(0);
  expect(await get('a')).toBeUndefined();
});

it('is absent where the thread has no sync access handles', async () => {
  expect('createSyncAccessHandle' in FileSystemFileHandle.prototype).toBe(false);
  expect(await openShardCache()).toBeUndefined();
});
