/** The batches of one training epoch: which samples they are made of, and what takes the place of those that can't be used. */
import { rng } from '../core/rng';
import { batchCount, type OrderOptions, type SampleSet, sampleOrder } from './order';

export interface TrainingEpoch {
  /** Sample numbers, in the order of the epoch. */
  order: Uint32Array;
  /** Sample numbers of a batch, from 0. */
  samplesOf(batch: number): number[];
  /**
   * The next sample to take the place of one that can't be used, none of the batch: first those that the epoch leaves over,
   * so that none is seen twice, then any.
   */
  spare(batch: readonly number[]): number;
}

export interface EpochOptions extends OrderOptions {
  set: SampleSet;
  batchSize: number;
}

export function trainingEpoch({ batchSize, ...options }: EpochOptions): TrainingEpoch {
  const order = sampleOrder(options);
  const random = rng(options.seed, 'order/spares', options.epoch);
  let over = batchCount(order.length, batchSize, true) * batchSize;
  return {
    order,
    samplesOf: (batch) => [...order.subarray(batch * batchSize, (batch + 1) * batchSize)],
    spare(batch) {
      if (over < order.length) return order[over++] as number;
      const inBatch = new Set(batch);
      // A batch may be the whole set; then one of its own has to do.
      for (let tried = 0; ; tried++) {
        const sample = order[random.int(order.length)] as number;
        if (!inBatch.has(sample) || tried >= order.length) return sample;
      }
    },
  };
}

/**
 * Draws a batch. attempt tries the samples of some slots and resolves to the slots whose sample can't be used; those get another
 * one until all are filled. before: the draw of the batches before this one; spares are given out in the order of batches,
 * whoever is ready first, and an epoch that is entered at a later batch knows of none given out before it.
 */
export async function drawBatch(
  epoch: TrainingEpoch,
  batch: number,
  attempt: (slots: readonly number[], samples: readonly number[]) => Promise<number[]>,
  before: Promise<unknown> = Promise.resolve(),
): Promise<number[]> {
  const samples = epoch.samplesOf(batch);
  let open = [...samples.keys()];
  for (;;) {
    open = (await attempt(open, samples)).sort((a, b) => a - b);
    if (open.length === 0) return samples;
    await before;
    for (const slot of open) samples[slot] = epoch.spare(samples);
  }
}
