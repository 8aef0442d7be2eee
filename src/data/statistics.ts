/** Mean and spread of a dataset's pixels: what the network's input is normalised with. */
import type { Rgb } from '../catalog/image-ops';
import { rng } from '../core/rng';
import { openLoader } from './loader';
import { shardStarts, usedShards } from './order';
import type { DataPool } from './pool';
import type { ShardSource } from './shards';

/** Of each channel, in [0, 1]. */
export interface Statistics {
  mean: Rgb;
  std: Rgb;
}

/** As many images are enough: the mean of 256 photos is within .02 of the dataset's. */
const MEASURED = 256;
const MEASURED_SHARDS = 4;
/** Side at which they are measured, pixels: fixed, so that the numbers do not depend on the run. */
const SIDE = 128;
/** Fixed: the same images whatever the run's seed. */
const SEED = 0x57a7;
/** Pixels of one colour have no spread to divide by. */
const LEAST_STD = 0.01;

/** The samples to measure: a fixed choice of few shards, 1 = yes, by sample number. */
function chosen(shardLengths: readonly number[], within: Uint8Array | undefined): Uint8Array {
  const starts = shardStarts(shardLengths);
  const all = within ?? new Uint8Array(starts[shardLengths.length] as number).fill(1);
  const used = usedShards(shardLengths, all);
  const shards = [...rng(SEED, 'statistics/shards').permutation(used.length).subarray(0, MEASURED_SHARDS)];
  const samples = shards.flatMap((i) => {
    const shard = used[i] as number;
    const [start, end] = [starts[shard] as number, starts[shard + 1] as number];
    return Array.from({ length: end - start }, (_, index) => start + index).filter((sample) => all[sample] === 1);
  });
  const keep = new Uint8Array(all.length);
  for (const i of rng(SEED, 'statistics/samples').permutation(samples.length).subarray(0, MEASURED))
    keep[samples[i] as number] = 1;
  return keep;
}

const round = (value: number) => Math.round(value * 1000) / 1000;

/**
 * Measures up to 256 images of a split, or of the part of it that is 1 in `within`: the same images and the same numbers in every
 * run. Rounded to three digits, in which browsers agree.
 */
export async function measureStatistics(
  source: ShardSource,
  within: Uint8Array | undefined,
  pool: DataPool,
  onWaiting?: (message: string | undefined) => void,
): Promise<Statistics> {
  const shardLengths = source.index.splits[source.split]?.shard_lengths ?? [];
  const loader = await openLoader({
    ...source,
    within: chosen(shardLengths, within),
    seed: SEED,
    batchSize: 32,
    recipe: { size: SIDE, on: {}, options: {} },
    training: false,
    tolerance: 1,
    pool,
    ...(onWaiting && { onWaiting }),
  });
  const sums = [0, 0, 0];
  const squares = [0, 0, 0];
  let pixels = 0;
  try {
    for await (const batch of loader.epoch(0)) {
      pixels += batch.pixels.length / 3;
      batch.pixels.forEach((value, i) => {
        sums[i % 3] = (sums[i % 3] as number) + value;
        squares[i % 3] = (squares[i % 3] as number) + value * value;
      });
    }
  } finally {
    loader.close();
  }
  const mean = sums.map((sum) => sum / pixels);
  const std = squares.map((square, c) => Math.sqrt(Math.max(0, square / pixels - (mean[c] as number) ** 2)) / 255);
  return {
    mean: mean.map((value) => round(value / 255)) as unknown as Rgb,
    std: std.map((value) => Math.max(LEAST_STD, round(value))) as unknown as Rgb,
  };
}
