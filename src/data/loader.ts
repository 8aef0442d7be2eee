/**
 * The loader: a split of a dataset as epochs of batches. What a batch holds is a pure function of (index, seed, epoch,
 * position); workers, prefetching and the network change only when it arrives.
 */
import { drawBatch, type TrainingEpoch, trainingEpoch } from './epoch';
import { splitOf } from './index';
import { batchCount, blockShardsOf, locate, naturalOrder, shardBlocks, shardStarts, subset, usedShards } from './order';
import { type DataPool, openPool } from './pool';
import { openSplitShards, type Shard, type ShardSource } from './shards';
import type { Batch, SampleRecipe } from './types';
import { abortable, announcer } from './waiting';

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
  /** A larger share of unusable samples is an error; one is always forgiven. Default .01. */
  tolerance?: number;
  /** Hears of damaged shards and samples as they are met, in words. */
  onProblem?: (message: string) => void;
  /** Hears what a batch is waited for, in words, and undefined when the wait is over. */
  onWaiting?: (message: string | undefined) => void;
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
const CORRUPT_SHARE = 0.01;

let opened = 0;

/** Batches of an epoch; throws an Error for a person where there would be none. */
export function wholeBatches(
  { index, split, batchSize, training }: Pick<LoaderOptions, 'index' | 'split' | 'batchSize' | 'training'>,
  samples: number,
): number {
  const batches = batchCount(samples, batchSize, training);
  if (batches > 0) return batches;
  throw new Error(
    `The split '${split}' of '${index.name}' has ${samples} images to use, too few for a batch of ${batchSize}. Choose a smaller batch or a larger share of the data.`,
  );
}

/** Opens a split. Throws an Error for a person when the split is missing or too small for one batch. */
export async function openLoader(options: LoaderOptions): Promise<Loader> {
  const { index, seed, batchSize, recipe, training } = options;
  const split = splitOf(index, options.split);
  const shardLengths = split.shard_lengths;
  const starts = shardStarts(shardLengths);
  const set = subset(shardLengths, options.fraction ?? 1, options.within);
  const batchesPerEpoch = wholeBatches(options, set.count);
  const blockShards = blockShardsOf(split);
  const pool = options.pool ?? openPool(options.workers);
  const source = `loader-${opened++}`;
  const corrupt = new Set<number>();
  const told = new Set<string>();
  const tell = (message: string) => {
    if (!told.has(message)) options.onProblem?.(message);
    told.add(message);
  };
  const { during, heard } = announcer((message) => options.onWaiting?.(message));
  const shards = await openSplitShards(options, tell, heard);
  const imageBytes = recipe.size * recipe.size * 3;
  let waitMs = 0;
  let closed = false;

  const mostCorrupt = Math.max(1, (options.tolerance ?? CORRUPT_SHARE) * set.count);

  const markCorrupt = (sample: number, why: string) => {
    if (corrupt.has(sample)) return;
    corrupt.add(sample);
    tell(`Sample ${why}. ${training ? 'Another one takes its place.' : 'It is left out.'}`);
    if (corrupt.size > mostCorrupt || corrupt.size === set.count) {
      throw new Error(
        `${corrupt.size} of ${set.count} images of '${index.name}' (${options.split}) can't be used, more than 1 %. The last one: ${why}.`,
      );
    }
  };

  /** A shard that lacks too much is the fault, not its samples one by one. */
  const checkShard = (number: number, { samples, problem }: Shard) => {
    const declared = shardLengths[number] as number;
    const missing = Math.max(0, declared - samples.length);
    if (!problem || (missing <= mostCorrupt && missing < set.count)) return;
    const part = missing === declared ? `all ${declared}` : `${missing} of ${declared}`;
    throw new Error(
      `The shard ${split.filenames[number]} of '${index.name}' (${options.split}) can't be used: ${problem}. It is where ${part} images should be.`,
    );
  };

  /** A batch in the making: what its slots hold so far. */
  const emptyBatch = (wanted: number) => ({
    pixels: new Uint8Array(wanted * imageBytes),
    labels: new Int32Array(wanted),
    keys: new Array<string>(wanted),
    filled: new Uint8Array(wanted),
  });

  /** Reads and decodes the samples of some slots; resolves to the slots whose sample can't be used. */
  const fill = async (
    { pixels, labels, keys, filled }: ReturnType<typeof emptyBatch>,
    epoch: number,
    slots: readonly number[],
    samples: readonly number[],
  ): Promise<number[]> => {
    const shares = Array.from({ length: pool.size }, () => [] as { slot: number; sample: number; image: Uint8Array }[]);
    const failed: number[] = [];
    const loaded = new Map<number, Shard>();
    const numbers = new Set(slots.map((slot) => locate(starts, samples[slot] as number).shard));
    await Promise.all([...numbers].map(async (number) => loaded.set(number, await shards.get(number))));
    for (const slot of slots) {
      const sample = samples[slot] as number;
      const place = locate(starts, sample);
      const shard = loaded.get(place.shard) as Shard;
      const entry = shard.samples[place.index];
      if (!entry || 'problem' in entry || corrupt.has(sample)) {
        checkShard(place.shard, shard);
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
        const images = share.map(({ image }) => image);
        const sampleIndex = share.map(({ sample }) => sample);
        const result = await pool.run(worker, { source, seed, epoch, training, recipe, sampleIndex, images });
        const broken = new Map(result.failures.map(({ sample, message }) => [sample, message]));
        share.forEach(({ slot, sample }, i) => {
          const message = broken.get(i);
          if (message === undefined) {
            pixels.set(result.pixels.subarray(i * imageBytes, (i + 1) * imageBytes), slot * imageBytes);
            filled[slot] = 1;
          } else {
            markCorrupt(sample, `'${keys[slot]}' ${message}`);
            failed.push(slot);
          }
        });
      }),
    );
    return failed;
  };

  /** A whole training batch; before: those that come before it. */
  const draw = async (epoch: number, from: TrainingEpoch, index: number, before: Promise<unknown>): Promise<Batch> => {
    const batch = emptyBatch(batchSize);
    await drawBatch(from, index, (slots, samples) => fill(batch, epoch, slots, samples), before);
    const { pixels, labels, keys } = batch;
    return { pixels, labels, keys, count: batchSize, index };
  };

  /** A batch of evaluation, without the samples that can't be used. */
  const read = async (order: Uint32Array, index: number): Promise<Batch> => {
    const samples = [...order.subarray(index * batchSize, (index + 1) * batchSize)];
    const { filled, ...batch } = emptyBatch(samples.length);
    await fill({ filled, ...batch }, 0, [...samples.keys()], samples);
    return compact({ ...batch, count: samples.length, index }, filled, imageBytes);
  };

  async function* epochOf(epoch: number, startBatch = 0): AsyncGenerator<Batch, void, void> {
    const plan = { seed, epoch, shardLengths, blockShards, set };
    const drawn = training ? trainingEpoch({ ...plan, batchSize }) : undefined;
    const order = drawn?.order ?? naturalOrder(set);
    const blocks = training ? shardBlocks(plan) : usedShards(shardLengths, set.keep).map((shard) => [shard]);
    // Past the last block comes the next epoch's first.
    const following = training ? shardBlocks({ ...plan, epoch: epoch + 1 })[0] : undefined;
    const sequence = [...blocks.flat(), ...(following ?? [])];
    const blockOf = new Map(blocks.flatMap((block) => block.map((shard) => [shard, block] as const)));
    const shardAt = (batch: number) => locate(starts, order[batch * batchSize] as number).shard;
    const inFlight: Promise<Batch>[] = [];
    let next = startBatch;
    let before: Promise<unknown> = Promise.resolve();
    const begin = () => {
      const block = blockOf.get(shardAt(next)) as number[];
      shards.pin(block);
      const batch = drawn ? draw(epoch, drawn, next++, before) : read(order, next++);
      // Awaited later, in order; until then a failure is no unhandled rejection.
      before = Promise.allSettled([before, batch]).then(() => {});
      inFlight.push(batch);
      const after = sequence.indexOf(block.at(-1) as number) + 1;
      for (const shard of sequence.slice(after, after + SHARDS_AHEAD)) {
        if (shards.hasRoom()) shards.get(shard).catch(() => {});
      }
    };
    while (next < batchesPerEpoch || inFlight.length > 0) {
      options.signal?.throwIfAborted();
      if (closed) throw new Error('The data loader is closed.');
      while (inFlight.length < AHEAD && next < batchesPerEpoch) begin();
      const start = performance.now();
      const batch = await during(abortable(inFlight.shift() as Promise<Batch>, options.signal));
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
