/** Shards in memory: downloaded whole, verified, scanned, kept under a byte cap. */
import { messageOf } from '../core/message';
import { openShardCache, type ShardCache } from './cache';
import { type DownloadOptions, type DownloadStatus, download, Missing } from './download';
import { present, shardUrl, splitOf } from './index';
import { type Sample, samplesOf } from './samples';
import { scanTar } from './tar';
import type { ShardIndex, ShardSplit } from './types';

export interface Shard {
  bytes: Uint8Array<ArrayBuffer>;
  /** In archive order; empty when the shard is unusable. */
  samples: Sample[];
  /** Why samples are missing. */
  problem?: string;
}

/** How files are reached: a token for their server, the end of all waiting, and what tests put in the place of network and clock. */
export type Reach = Pick<DownloadOptions, 'token' | 'fetch' | 'signal' | 'sleep' | 'patience' | 'network'>;

export interface ShardStoreOptions {
  split: ShardSplit;
  baseUrl: string;
  classes: number;
  reach: Reach;
  /** Bytes of encoded shards that stay in memory. */
  capBytes: number;
  /** Shards on disk; used where the index declares a SHA-256. */
  cache?: ShardCache;
  onProblem: (message: string) => void;
  /** Hears what downloads do, in words. */
  onStatus?: ((message: string) => void) | undefined;
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

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(bytes < 9.95e6 ? 1 : 0);

/** What a download does, in words: 'Downloading shard 3 of 20 (12 of 30 MB)'. */
function statusWords(status: DownloadStatus, what: string): string {
  switch (status.kind) {
    case 'receiving': {
      const share = status.total === undefined ? '' : ` of ${megabytes(status.total)}`;
      return `Downloading ${what} (${megabytes(status.bytes)}${share} MB)`;
    }
    case 'waiting':
      return `Downloading ${what}: trying again in ${Math.ceil(status.ms / 1000)} s (${status.reason})`;
    case 'offline':
      return `Waiting for the network to download ${what}`;
    default:
      return status satisfies never;
  }
}

/** Opens the shards of a split. Nothing is downloaded before it is asked for. */
function openShards(options: ShardStoreOptions): ShardStore {
  const { split, capBytes, onProblem, reach } = options;
  // Oldest use first.
  const held = new Map<number, { shard: Promise<Shard>; bytes: number }>();
  const closed = new AbortController();
  const signal = reach.signal ? AbortSignal.any([reach.signal, closed.signal]) : closed.signal;
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
    const what = `shard ${number + 1} of ${split.filenames.length}`;
    const bytes = await inTurn(() =>
      download(shardUrl(options.baseUrl, split.filenames[number] as string), {
        ...reach,
        signal,
        ...(expectedBytes === undefined ? {} : { expectedBytes }),
        answered: () => downloaded > 0,
        onStatus: (status) => options.onStatus?.(statusWords(status, what)),
      }),
    );
    downloaded += bytes.length;
    return bytes;
  };

  /** What is wrong with the bytes, or the samples. */
  const read = async (number: number, bytes: Uint8Array<ArrayBuffer>): Promise<Shard & { notes: string[] }> => {
    const unusable = (problem: string) => ({ bytes, samples: [], notes: [], problem });
    const expected = split.shard_sha256?.[number]?.toLowerCase();
    // crypto.subtle is only there in secure contexts (https, localhost).
    if (expected && globalThis.crypto?.subtle && (await sha256(bytes)) !== expected) {
      const size = split.shard_bytes?.[number] ?? bytes.length;
      const sizes = size === bytes.length ? '' : `: it has ${bytes.length} bytes, where the index says ${size}`;
      return unusable(`its SHA-256 differs from the index${sizes}`);
    }
    try {
      const { members, truncated, beforeEnd } = scanTar(bytes);
      const rule = { classes: options.classes, altLabel: split.alt_label };
      const declared = split.shard_lengths[number] as number;
      let found = samplesOf(bytes, members, rule);
      // Most tools stop at the first end mark; the index knows who is right.
      if (beforeEnd !== undefined && found.samples.length !== declared) {
        const first = samplesOf(bytes, members.slice(0, beforeEnd), rule);
        if (first.samples.length === declared) found = first;
      }
      const { samples, notes } = found;
      if (truncated) return { bytes, samples, notes, problem: 'the file ends too early' };
      if (samples.length === declared) return { bytes, samples, notes };
      const why = notes.length > 0 ? ` (${notes.join('; ')})` : '';
      const problem = `it has ${samples.length} samples, the index says ${declared}${why}`;
      return { bytes, samples, notes: [], problem };
    } catch (error) {
      return unusable(messageOf(error));
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
    for (const words of [...shard.notes, ...(shard.problem ? [shard.problem] : [])])
      onProblem(`Shard ${split.filenames[number]}: ${words}.`);
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
        // A failed download is tried anew by whoever asks next, but for a file that is not there.
        entry.shard.catch((error: unknown) => {
          if (!(error instanceof Missing)) held.delete(number);
        });
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

/** A split of a dataset, and how to get at its shards. The token is sent to their server only. */
export interface ShardSource extends Reach {
  index: ShardIndex;
  split: string;
  /** Shards on disk. Default: the browser's own, for datasets of other sites. */
  cache?: ShardCache;
  /** Encoded shards in memory, bytes. Default 256 MiB. */
  memoryBytes?: number;
}

/** Opens the shards of a split with the cache that fits their place. Throws an Error for a person if there is no such split. */
export async function openSplitShards(
  source: ShardSource,
  onProblem: (message: string) => void,
  onStatus?: (message: string) => void,
): Promise<ShardStore> {
  const { index, token, fetch, signal, sleep, patience, network } = source;
  const split = splitOf(index, source.split);
  // The site's own datasets come from the browser's HTTP cache; a second copy would only take room.
  const remote = new URL(index.baseUrl).origin !== globalThis.location?.origin;
  const cache = source.cache ?? (remote ? await openShardCache() : undefined);
  return openShards({
    split,
    baseUrl: index.baseUrl,
    classes: index.classes.length,
    capBytes: source.memoryBytes ?? 256 * 2 ** 20,
    reach: present({ token, fetch, signal, sleep, patience, network }),
    onProblem,
    onStatus,
    ...(cache ? { cache } : {}),
  });
}
