/**
 * The order of samples: a pure function of (seed, epoch), so that any run can be resumed or repeated, and shards before
 * the start are never downloaded. A sample's number counts through the split's shards in their declared order.
 */
import { rng } from '../core/rng';
import type { ShardSplit } from './types';

/** First sample number of every shard, and the total at the end: [shards + 1]. */
export function shardStarts(shardLengths: readonly number[]): Uint32Array {
  const starts = new Uint32Array(shardLengths.length + 1);
  shardLengths.forEach((length, shard) => {
    starts[shard + 1] = (starts[shard] as number) + length;
  });
  return starts;
}

/** Shard and index within it of a sample number. */
export function locate(starts: Uint32Array, sample: number): { shard: number; index: number } {
  let low = 0;
  let high = starts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= sample) low = middle;
    else high = middle - 1;
  }
  return { shard: low, index: sample - (starts[low] as number) };
}

/** Encoded bytes of one block; two blocks (this and the next) are in memory at a time. */
const BLOCK_BYTES = 128 * 2 ** 20;

/**
 * Shards per block, 4 to 8: as many as fit into 128 MiB. A pure function of the index, because the order depends on it.
 */
export function blockShardsOf(split: ShardSplit): number {
  if (!split.shard_bytes) return 4;
  const largest = split.shard_bytes.reduce((a, b) => Math.max(a, b), 1);
  return Math.min(8, Math.max(4, Math.floor(BLOCK_BYTES / largest)));
}

/** Which samples of a split take part. */
export interface SampleSet {
  /** 1 = takes part, by sample number. */
  keep: Uint8Array;
  count: number;
}

/** From this many shards on, a part of a split is made of whole shards: the others need not be downloaded. */
export const MANY_SHARDS = 20;
/** Fixed: the same fraction is the same data in every run, whatever the run's seed. */
const SUBSET_SEED = 0x5eed;

/**
 * The subset of a split: round(fraction * shards) whole shards when there are 20 or more, else round(fraction * samples)
 * samples; at least one. Prefixes of one fixed permutation, so that a smaller subset lies within a larger one.
 * within: the samples to choose from (1 = yes, by sample number); default all.
 */
export function subset(shardLengths: readonly number[], fraction: number, within?: Uint8Array): SampleSet {
  if (!(fraction > 0 && fraction <= 1)) throw new Error(`The share of the data must be in (0, 1], got ${fraction}.`);
  const starts = shardStarts(shardLengths);
  const all = within ?? new Uint8Array(starts[shardLengths.length] as number).fill(1);
  const chosen = (candidates: readonly number[]) =>
    Array.from(
      rng(SUBSET_SEED, 'data/subset')
        .permutation(candidates.length)
        .subarray(0, Math.max(1, Math.round(fraction * candidates.length))),
      (i) => candidates[i] as number,
    );
  let keep = all;
  if (fraction < 1) {
    keep = new Uint8Array(all.length);
    if (shardLengths.length >= MANY_SHARDS) {
      // A shard without a sample would be a share of nothing.
      for (const shard of chosen(usedShards(shardLengths, all))) {
        const [start, end] = [starts[shard] as number, starts[shard + 1] as number];
        keep.set(all.subarray(start, end), start);
      }
    } else {
      for (const sample of chosen([...all.keys()].filter((i) => all[i] === 1))) keep[sample] = 1;
    }
  }
  return { keep, count: keep.reduce((sum, bit) => sum + bit, 0) };
}

/** Shards with a sample that takes part (keep: 1 = yes, by sample number), in declared order. */
export function usedShards(shardLengths: readonly number[], keep: Uint8Array): number[] {
  const starts = shardStarts(shardLengths);
  return [...shardLengths.keys()].filter((shard) => keep.subarray(starts[shard], starts[shard + 1]).includes(1));
}

export interface OrderOptions {
  seed: number;
  epoch: number;
  shardLengths: readonly number[];
  blockShards: number;
  /** Default: every sample. */
  set?: SampleSet;
}

/** Shards with a sample that takes part, in the epoch's order, cut into blocks. */
export function shardBlocks({ seed, epoch, shardLengths, blockShards, set }: OrderOptions): number[][] {
  const used = usedShards(shardLengths, (set ?? subset(shardLengths, 1)).keep);
  const order = [...rng(seed, 'order/shards', epoch).permutation(used.length)].map((i) => used[i] as number);
  const blocks: number[][] = [];
  for (let i = 0; i < order.length; i += blockShards) blocks.push(order.slice(i, i + blockShards));
  return blocks;
}

/**
 * Training order of an epoch: sample numbers, each exactly once. Shards are permuted, cut into blocks of blockShards, and
 * samples are shuffled (Fisher-Yates) inside a block. Compact: 4 bytes per sample.
 */
export function sampleOrder(options: OrderOptions): Uint32Array {
  const { seed, epoch, shardLengths, set } = options;
  const starts = shardStarts(shardLengths);
  const order = new Uint32Array(set ? set.count : (starts[shardLengths.length] as number));
  let filled = 0;
  shardBlocks(options).forEach((block, number) => {
    const samples: number[] = [];
    for (const shard of block) {
      const end = starts[shard + 1] as number;
      for (let sample = starts[shard] as number; sample < end; sample++) {
        if (!set || set.keep[sample]) samples.push(sample);
      }
    }
    for (const i of rng(seed, 'order/samples', epoch, number).permutation(samples.length)) {
      order[filled++] = samples[i] as number;
    }
  });
  return order;
}

/** Evaluation order: as the shards declare it, nothing left out. */
export function naturalOrder(set: SampleSet): Uint32Array {
  const order = new Uint32Array(set.count);
  let filled = 0;
  set.keep.forEach((bit, sample) => {
    if (bit) order[filled++] = sample;
  });
  return order;
}

/**
 * Batches of an epoch. Training drops the last, partial batch: its gradient would weigh few images like many, and its
 * shape would need kernels of its own. Evaluation keeps it.
 */
export function batchCount(samples: number, batchSize: number, training: boolean): number {
  return training ? Math.floor(samples / batchSize) : Math.ceil(samples / batchSize);
}
