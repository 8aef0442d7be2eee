/**
 * The loader: a split of a dataset as epochs of batches. What a batch holds is a pure function of (index, seed, epoch,
 * position); workers, prefetching and the network change only when it arrives.
 */
import { splitOf } from './index';
import {
  batchCount,
  blockShardsOf,
  locate,
  naturalOrder,
  sampleOrder,
  shardBlocks,
  shardStarts,
  subset,
  usedShards,
} from './order';
import { type DataPool, openPool, pack } from './pool';
import { openSplitShards, type Shard, type ShardSource } from './shards';
import type { Batch, SampleRecipe } from './types';

export interface LoaderOptions extends ShardSource {
  seed: number;
  batchSize: number;
  /** Input size, tricks that are on and their options. Evaluation uses only the size. */
  recipe: SampleRecipe;
  /** Shuffled, augmented, without the last partial batch; else in natural order, complete. */
  training: boolean;
  /** Share of the split's samples, in (0, 1]; the choice does not depend on the seed. Default 1. */
  fraction?: number;
  /** Samples to choose from (1 = yes, by sample number), such as a part of holdOut's. Default all. */
  within?: Uint8Array | undefined;
  /** Data workers; 0 = one per spare core. Ignored when a pool is given. */
  workers?: number;
  /** A pool to share between loaders; it is not closed with the loader. */
  pool?: DataPool;
  /** Hears of damaged shards and samples as they are met, in words. */
  onProblem?: (message: string) => void;
}

export interface LoaderStats {
  /** Milliseconds that the consumer waited for batches. */
  waitMs: number;
  downloadedBytes: number;
  /** Different samples that could not be used. */
  corrupt: number;
}

export interface Loader {
  /** Samples that take part. */
  readonly samples: number;
  readonly batchesPerEpoch: number;
  /** Batches of an epoch from startBatch on. Leaving the loop stops the work; batches in flight are dropped. */
  epoch(epoch: number, startBatch?: number): AsyncGenerator<Batch, void, void>;
  stats(): LoaderStats;
  close(): void;
}

/** Batches in preparation while the trainer works on one. */
const AHEAD = 3;
const SHARDS_AHEAD = 2;
/** A larger share of unusable samples fails the run (one is always forgiven). */
const CORRUPT_SHARE = 0.01;

let opened = 0;

/** Opens a split. Throws an Error for a person when the split is missing or too small for one batch. */
export async function openLoader(options: LoaderOptions): Promise<Loader> {
  const { index, seed, batchSize, recipe, training } = options;
  const split = splitOf(index, options.split);
  const shardLengths = split.shard_lengths;
  const starts = shardStarts(shardLengths);
  const set = subset(shardLengths, options.fraction ?? 1, options.within);
  const batchesPerEpoch = batchCount(set.count, batchSize, training);
  if (batchesPerEpoch === 0) {
    throw new Error(
      `The split '${options.split}' of '${index.name}' has ${set.count} images to use, too few for a batch of ${batchSize}. Choose a smaller batch or a larger share of the data.`,
    );
  }
  const blockShards = blockShardsOf(split);
  const pool = options.pool ?? openPool(options.workers);
  const source = `loader-${opened++}`;
  const corrupt = new Set<number>();
  const told = new Set<string>();
  const tell = (message: string) => {
    if (!told.has(message)) options.onProblem?.(message);
    told.add(message);
  };
  const shards = await openSplitShards(options, tell);
  let waitMs = 0;
  let closed = false;

  const markCorrupt = (sample: number, why: string) => {
    if (corrupt.has(sample)) return;
    corrupt.add(sample);
    tell(`Sample ${why}. ${training ? 'The next one takes its place.' : 'It is left out.'}`);
    if (corrupt.size > Math.max(1, CORRUPT_SHARE * set.count) || corrupt.size === set.count) {
      throw new Error(
        `${corrupt.size} of ${set.count} images of '${index.name}' (${options.split}) can't be used, more than 1 %. The last one: ${why}.`,
      );
    }
  };

  /** One batch. Positions are places in the order; an unusable sample is replaced by the next in the order. */
  const build = async (order: Uint32Array, epoch: number, batch: number): Promise<Batch> => {
    const first = batch * batchSize;
    const wanted = Math.min(batchSize, order.length - first);
    const bytes = recipe.size * recipe.size * 3;
    const pixels = new Uint8Array(wanted * bytes);
    const labels = new Int32Array(wanted);
    const keys = new Array<string>(wanted);
    const filled = new Uint8Array(wanted);
    /** Place in the order that each open slot tries now. */
    const trying = Array.from({ length: wanted }, (_, slot) => first + slot);
    let open = trying.map((_, slot) => slot);
    while (open.length > 0) {
      const shares = Array.from(
        { length: pool.size },
        () => [] as { slot: number; sample: number; image: Uint8Array }[],
      );
      const failed: number[] = [];
      const loaded = new Map<number, Shard>();
      const numbers = new Set(open.map((slot) => locate(starts, order[trying[slot] as number] as number).shard));
      await Promise.all([...numbers].map(async (number) => loaded.set(number, await shards.get(number))));
      for (const slot of open) {
        const sample = order[trying[slot] as number] as number;
        const place = locate(starts, sample);
        const shard = loaded.get(place.shard) as Shard;
        const entry = shard.samples[place.index];
        if (!entry || 'problem' in entry || corrupt.has(sample)) {
          const name = split.filenames[place.shard];
          const reason =
            entry && 'problem' in entry
              ? `'${entry.key}' ${entry.problem} (${name})`
              : `${place.index} is missing from ${name}: ${shard.problem}`;
          markCorrupt(sample, reason);
          failed.push(slot);
          continue;
        }
        labels[slot] = entry.label;
        keys[slot] = entry.key;
        const { offset, size } = entry.image;
        // A sample always goes to the same worker, which may still hold it decoded.
        shares[sample % pool.size]?.push({ slot, sample, image: shard.bytes.subarray(offset, offset + size) });
      }
      await Promise.all(
        shares.map(async (share, worker) => {
          if (share.length === 0) return;
          const { encoded, offsets } = pack(share.map(({ image }) => image));
          const sampleIndex = share.map(({ sample }) => sample);
          const job = { source, seed, epoch, training, recipe, sampleIndex, encoded, offsets };
          const result = await pool.run(worker, job);
          const broken = new Map(result.failures.map(({ sample, message }) => [sample, message]));
          share.forEach(({ slot, sample }, i) => {
            const message = broken.get(i);
            if (message === undefined) {
              pixels.set(result.pixels.subarray(i * bytes, (i + 1) * bytes), slot * bytes);
              filled[slot] = 1;
            } else {
              markCorrupt(sample, `'${keys[slot]}' ${message}`);
              failed.push(slot);
            }
          });
        }),
      );
      for (const slot of failed) trying[slot] = ((trying[slot] as number) + 1) % order.length;
      open = training ? failed : [];
    }
    return compact({ pixels, labels, keys, count: wanted, index: batch }, filled, bytes);
  };

  async function* epochOf(epoch: number, startBatch = 0): AsyncGenerator<Batch, void, void> {
    const plan = { seed, epoch, shardLengths, blockShards, set };
    const order = training ? sampleOrder(plan) : naturalOrder(set);
    const blocks = training ? shardBlocks(plan) : usedShards(shardLengths, set.keep).map((shard) => [shard]);
    // Past the last block comes the next epoch's first.
    const following = training ? shardBlocks({ ...plan, epoch: epoch + 1 })[0] : undefined;
    const sequence = [...blocks.flat(), ...(following ?? [])];
    const blockOf = new Map(blocks.flatMap((block) => block.map((shard) => [shard, block] as const)));
    const shardAt = (batch: number) => locate(starts, order[batch * batchSize] as number).shard;
    const inFlight: Promise<Batch>[] = [];
    let next = startBatch;
    const begin = () => {
      const block = blockOf.get(shardAt(next)) as number[];
      shards.pin(block);
      const batch = build(order, epoch, next++);
      // Awaited later, in order; until then a failure is no unhandled rejection.
      batch.catch(() => {});
      inFlight.push(batch);
      const after = sequence.indexOf(block.at(-1) as number) + 1;
      for (const shard of sequence.slice(after, after + SHARDS_AHEAD)) {
        if (shards.hasRoom()) shards.get(shard).catch(() => {});
      }
    };
    while (next < batchesPerEpoch || inFlight.length > 0) {
      if (closed) throw new Error('The data loader is closed.');
      while (inFlight.length < AHEAD && next < batchesPerEpoch) begin();
      const start = performance.now();
      const batch = await (inFlight.shift() as Promise<Batch>);
      waitMs += performance.now() - start;
      if (batch.count > 0) yield batch;
    }
  }

  return {
    samples: set.count,
    batchesPerEpoch,
    epoch: epochOf,
    stats: () => ({ waitMs, downloadedBytes: shards.downloadedBytes(), corrupt: corrupt.size }),
    close: () => {
      closed = true;
      shards.close();
      pool.forget(source);
      if (!options.pool) pool.close();
    },
  };
}

/** Takes unfilled slots out: samples that evaluation leaves out. */
function compact(batch: Batch, filled: Uint8Array, bytes: number): Batch {
  const slots = [...filled.keys()].filter((slot) => filled[slot] === 1);
  if (slots.length === batch.count) return batch;
  const pixels = new Uint8Array(slots.length * bytes);
  slots.forEach((slot, i) => {
    pixels.set(batch.pixels.subarray(slot * bytes, (slot + 1) * bytes), i * bytes);
  });
  return {
    pixels,
    labels: Int32Array.from(slots, (slot) => batch.labels[slot] as number),
    keys: slots.map((slot) => batch.keys[slot] as string),
    count: slots.length,
    index: batch.index,
  };
}
