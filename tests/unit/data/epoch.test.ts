import { describe, expect, it } from 'vitest';
import { drawBatch, trainingEpoch } from '../../../src/data/epoch';
import { subset } from '../../../src/data/order';

const epochOf = (shardLengths: number[], batchSize: number, epoch = 0) =>
  trainingEpoch({ seed: 3, epoch, shardLengths, blockShards: 4, set: subset(shardLengths, 1), batchSize });

/** The epoch's batches where some samples can't be used; batches are asked for in any order, and answered at any time. */
async function drawAll(lengths: number[], batchSize: number, bad: Set<number>, delay: (batch: number) => number) {
  const epoch = epochOf(lengths, batchSize);
  const batches = Math.floor(epoch.order.length / batchSize);
  let before: Promise<unknown> = Promise.resolve();
  const drawn = Array.from({ length: batches }, (_, batch) => {
    const attempt = async (slots: readonly number[], samples: readonly number[]) => {
      await new Promise((resolve) => setTimeout(resolve, delay(batch)));
      return slots.filter((slot) => bad.has(samples[slot] as number)).reverse();
    };
    const samples = drawBatch(epoch, batch, attempt, before);
    before = Promise.all([before, samples]);
    return samples;
  });
  return Promise.all(drawn);
}

describe('samples that cannot be used', () => {
  it('are replaced by those that the epoch leaves over: none is seen twice', async () => {
    // 40 samples, batches of 7: five are left over.
    const bad = new Set([4, 11, 12, 30]);
    const samples = (await drawAll([20, 20], 7, bad, () => 0)).flat();
    expect(samples.filter((sample) => bad.has(sample))).toEqual([]);
    expect(new Set(samples).size).toBe(35);
  });

  it('are replaced alike whichever batch is ready first', async () => {
    const bad = new Set([1, 2, 3, 17, 29, 33]);
    const forwards = await drawAll([20, 20], 7, bad, (batch) => batch * 4);
    expect(await drawAll([20, 20], 7, bad, (batch) => (5 - batch) * 4)).toEqual(forwards);
  });

  it('are replaced by any other of the epoch where none is left over, but by none of their batch', async () => {
    const bad = new Set([5, 6]);
    const batches = await drawAll([12, 12], 6, bad, () => 0);
    for (const batch of batches) expect(new Set(batch).size).toBe(6);
    expect(batches.flat().filter((sample) => bad.has(sample))).toEqual([]);
  });

  it('are replaced by one of the batch where that is all there is', async () => {
    const [batch] = await drawAll([4], 4, new Set([2]), () => 0);
    expect(new Set(batch).size).toBe(3);
  });
});

it('a share of many shards never is a share of an empty one', () => {
  const lengths = Array.from({ length: 24 }, (_, shard) => (shard % 2 ? 3 : 0));
  for (const fraction of [0.01, 0.05, 0.1]) expect(subset(lengths, fraction).count).toBeGreaterThan(0);
});
