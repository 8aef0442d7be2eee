/** Shards in memory: downloaded whole, verified, scanned, kept under a byte cap. */
import { messageOf } from '../core/message';
import { openShardCache, type ShardCache } from './cache';
import { download } from './download';
import { splitOf } from './index';
import { type Sample, samplesOf, scanTar } from './tar';
import type { ShardIndex, ShardSplit } from './types';

export interface Shard {
  bytes: Uint8Array<ArrayBuffer>;
  /** In archive order; empty when the shard is unusable. */
  samples: Sample[];
  /** Why samples are missing. */
  problem?: string;
}

export interface ShardStoreOptions {
  split: ShardSplit;
  baseUrl: string;
  classes: number;
  token?: string;
  fetch?: typeof fetch;
  sleep?: (ms: number) => Promise<void>;
  /** Bytes of encoded shards that stay in memory. */
  capBytes: number;
  /** Shards on disk; used where the index declares a SHA-256. */
  cache?: ShardCache;
  onProblem: (message: string) => void;
}

export interface ShardStore {
  get(shard: number): Promise<Shard>;
  /** Shards that must not be dropped: those of the current block. */
  pin(shards: readonly number[]): void;
  /** Room for one more shard under the cap. */
  hasRoom(): boolean;
  downloadedBytes(): number;
  close(): void;
}

/** At most this many downloads at a time: more only split the same line, and servers count requests. */
const DOWNLOADS = 4;

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Opens the shards of a split. Nothing is downloaded before it is asked for. */
export function openShards(options: ShardStoreOptions): ShardStore {
  const { split, capBytes, onProblem } = options;
  // Oldest use first.
  const held = new Map<number, { shard: Promise<Shard>; bytes: number }>();
  const closed = new AbortController();
  let pinned = new Set<number>();
  let downloaded = 0;
  let running = 0;
  const queue: (() => void)[] = [];

  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    while (running >= DOWNLOADS) await new Promise<void>((resolve) => queue.push(resolve));
    running++;
    try {
      return await work();
    } finally {
      running--;
      queue.shift()?.();
    }
  };

  const fetchShard = async (number: number): Promise<Uint8Array<ArrayBuffer>> => {
    const expectedBytes = split.shard_bytes?.[number];
    const bytes = await inTurn(() =>
      download(new URL(split.filenames[number] as string, options.baseUrl).href, {
        signal: closed.signal,
        ...(expectedBytes === undefined ? {} : { expectedBytes }),
        ...(options.token ? { token: options.token } : {}),
        ...(options.fetch ? { fetch: options.fetch } : {}),
        ...(options.sleep ? { sleep: options.sleep } : {}),
      }),
    );
    downloaded += bytes.length;
    return bytes;
  };

  /** What is wrong with the bytes, or the samples. */
  const read = async (number: number, bytes: Uint8Array<ArrayBuffer>): Promise<Shard> => {
    const expected = split.shard_sha256?.[number]?.toLowerCase();
    // crypto.subtle is only there in secure contexts (https, localhost).
    if (expected && globalThis.crypto?.subtle && (await sha256(bytes)) !== expected) {
      return { bytes, samples: [], problem: 'its SHA-256 differs from the index' };
    }
    try {
      const { members, truncated } = scanTar(bytes);
      const { samples } = samplesOf(bytes, members, options.classes);
      const declared = split.shard_lengths[number];
      if (truncated) return { bytes, samples, problem: 'the file ends too early' };
      if (samples.length === declared) return { bytes, samples };
      return { bytes, samples, problem: `it has ${samples.length} samples, the index says ${declared}` };
    } catch (error) {
      return { bytes, samples: [], problem: messageOf(error) };
    }
  };

  const load = async (number: number): Promise<Shard> => {
    const { cache } = options;
    const sha256 = split.shard_sha256?.[number]?.toLowerCase();
    const stored = sha256 ? await cache?.get(sha256) : undefined;
    let shard = await read(number, stored ?? (await fetchShard(number)));
    // What came damaged over the network, or from a disk that filled up, may come whole the second time.
    if (shard.problem) shard = await read(number, await fetchShard(number));
    // Not waited for: training goes on while the disk writes.
    if (sha256 && !shard.problem && shard.bytes !== stored) void cache?.put(sha256, shard.bytes);
    if (shard.problem) onProblem(`Shard ${split.filenames[number]}: ${shard.problem}`);
    const entry = held.get(number);
    if (entry) entry.bytes = shard.bytes.length;
    evict();
    return shard;
  };

  const heldBytes = () => [...held.values()].reduce((sum, { bytes }) => sum + bytes, 0);

  const evict = () => {
    let bytes = heldBytes();
    for (const [number, entry] of held) {
      if (bytes <= capBytes) return;
      if (pinned.has(number) || entry.bytes === 0) continue;
      held.delete(number);
      bytes -= entry.bytes;
    }
  };

  return {
    get: (number) => {
      const known = held.get(number);
      const entry = known ?? { shard: load(number), bytes: 0 };
      if (!known) {
        // A failed download is tried anew by whoever asks next.
        entry.shard.catch(() => held.delete(number));
      }
      held.delete(number);
      held.set(number, entry);
      return entry.shard;
    },
    pin: (shards) => {
      pinned = new Set(shards);
      evict();
    },
    hasRoom: () => {
      const sizes = [...held.values()].map(({ bytes }) => bytes);
      return heldBytes() + Math.max(0, ...sizes) <= capBytes;
    },
    downloadedBytes: () => downloaded,
    close: () => {
      closed.abort(new Error('The data loader is closed.'));
      held.clear();
    },
  };
}

/** A split of a dataset, and how to get at its shards. */
export interface ShardSource {
  index: ShardIndex;
  split: string;
  /** Access token for the shards; sent to their server only, kept in memory only. */
  token?: string;
  fetch?: typeof fetch;
  /** Shards on disk. Default: the browser's own, for datasets of other sites. */
  cache?: ShardCache;
  /** Encoded shards in memory, bytes. Default 256 MiB. */
  memoryBytes?: number;
}

/** Opens the shards of a split with the cache that fits their place. Throws an Error for a person if there is no such split. */
export async function openSplitShards(source: ShardSource, onProblem: (message: string) => void): Promise<ShardStore> {
  const { index, token, fetch } = source;
  const split = splitOf(index, source.split);
  // The site's own datasets come from the browser's HTTP cache; a second copy would only take room.
  const remote = new URL(index.baseUrl).origin !== globalThis.location?.origin;
  const cache = source.cache ?? (remote ? await openShardCache() : undefined);
  return openShards({
    split,
    baseUrl: index.baseUrl,
    classes: index.classes.length,
    capBytes: source.memoryBytes ?? 256 * 2 ** 20,
    onProblem,
    ...(cache ? { cache } : {}),
    ...(token ? { token } : {}),
    ...(fetch ? { fetch } : {}),
  });
}
