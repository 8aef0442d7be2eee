/** Sync access handles exist only in workers: does one cache operation and answers with its result. */
import { openShardCache } from '../../../src/data/cache';

export type CacheCall =
  | { call: 'get'; name: string }
  | { call: 'put'; name: string; bytes: Uint8Array<ArrayBuffer>; capBytes: number };

self.onmessage = async ({ data }: MessageEvent<CacheCall>) => {
  const cache = await openShardCache(data.call === 'put' ? data.capBytes : undefined);
  self.postMessage(data.call === 'put' ? await cache?.put(data.name, data.bytes) : await cache?.get(data.name));
};
