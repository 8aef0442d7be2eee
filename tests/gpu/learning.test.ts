import { describe, expect, it } from 'vitest';
import { rng } from '../../src/core/rng';
import type { Batch } from '../../src/data/types';
import { planTraining } from '../../src/experiment/plan';
import { type Experiment, experimentWith } from '../../src/experiment/schema';
import { createNetwork } from '../../src/trainer/network';
import { trainStep } from '../../src/trainer/step';
import { openGpu } from '../support/gpu';

await openGpu();

/** A batch of noise images with their numbers as labels: only by heart can it be learned. */
function noise(count: number, size: number): Batch {
  const stream = rng(5, 'noise');
  return {
    pixels: Uint8Array.from({ length: count * size * size * 3 }, () => stream.int(256)),
    labels: Int32Array.from({ length: count }, (_, i) => i),
    count,
    keys: [],
    index: 0,
  };
}

async function losses(experiment: Experiment, batches: Batch[], updates: number): Promise<number[]> {
  const plan = planTraining(experiment, { trainImages: 1000, classes: 10 });
  const network = createNetwork(experiment, plan);
  const series: number[] = [];
  const images = batches.reduce((sum, batch) => sum + batch.count, 0);
  for (let update = 0; update < updates; update++) {
    const totals = await trainStep(network, plan, batches, { epoch: 0, firstBatch: 0, update });
    series.push(totals.loss / images);
  }
  network.dispose();
  return series;
}

describe('one repeated batch', () => {
  it('is learned by a full ResNet50-vd at 32 px', async () => {
    const experiment = experimentWith({
      model: 'resnet50-vd',
      'resnet50-vd.depths': '3,4,6,3',
      'resnet50-vd.width': '1',
      'data.size': '32',
      'data.batch': '4',
      'sgd.lr': '.02',
      warmup: 'off',
      schedule: 'constant',
    });
    const series = await losses(experiment, [noise(4, 32)], 4);
    expect(series[0]).toBeGreaterThan(1.5);
    expect(series[3]).toBeLessThan((series[0] as number) * 0.8);
  });

  it('is learned by a CMT-tiny at 64 px', async () => {
    const experiment = experimentWith({
      model: 'cmt-tiny',
      'data.size': '64',
      'data.batch': '2',
      'sgd.lr': '.02',
      warmup: 'off',
      schedule: 'constant',
    });
    const series = await losses(experiment, [noise(2, 64)], 4);
    expect(series[3]).toBeLessThan((series[0] as number) * 0.8);
  });
});

const small = {
  model: 'resnet50-vd',
  'resnet50-vd.depths': '1,1,1,1',
  'resnet50-vd.width': '.125',
  'data.size': '16',
  warmup: 'off',
  schedule: 'constant',
};

describe('every optimizer', () => {
  it.each([
    { optimizer: 'sgd', 'sgd.nesterov': 'on', 'sgd.lr': '.05' },
    { optimizer: 'adamw', 'adamw.lr': '.005' },
    { optimizer: 'lars', 'lars.lr': '20' },
    { optimizer: 'lars', 'lars.lr': '.05', 'lars.eta': '1', 'lars.clip': 'on' },
    { optimizer: 'adamw', 'adamw.lr': '.005', 'gradient-clipping': 'on', ema: 'on' },
  ])('learns a batch by heart: %o', async (keys) => {
    const series = await losses(experimentWith({ ...small, ...keys, 'data.batch': '4' }), [noise(4, 16)], 8);
    expect(series[7]).toBeLessThan((series[0] as number) * 0.5);
  });
});

describe('gradient accumulation', () => {
  it('of k equal micro-batches is one step on one of them, since the gradients are averaged', async () => {
    const batch = noise(4, 16);
    const once = await losses(experimentWith({ ...small, 'data.batch': '4' }), [batch], 3);
    const twice = await losses(
      experimentWith({ ...small, 'data.batch': '4', 'gradient-accumulation': 'on', 'linear-scaling': 'off' }),
      [batch, batch],
      3,
    );
    // Averages of equal numbers are exact in f32 for two micro-batches.
    expect(twice[0]).toBe(once[0]);
    expect(twice[1]).toBeCloseTo(once[1] as number, 5);
    expect(twice[2]).toBeCloseTo(once[2] as number, 4);
  });
});
