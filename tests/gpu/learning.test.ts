/** Networks and optimizers of the catalog at work: what is shown again and again is learned by heart. */
import { describe, expect, it } from 'vitest';
import { models } from '../../src/catalog/models';
import { optimizers } from '../../src/catalog/optimizers';
import { rng } from '../../src/core/rng';
import type { Batch } from '../../src/data/types';
import { planTraining } from '../../src/experiment/plan';
import { type Experiment, experimentWith } from '../../src/experiment/schema';
import { createNetwork } from '../../src/trainer/network';
import { trainUpdate } from '../../src/trainer/update';
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
    const totals = await trainUpdate(network, plan, batches, { epoch: 0, firstBatch: 0, update });
    series.push(totals.loss / images);
  }
  network.dispose();
  return series;
}

/** By model: settings that keep it small, and the side of its images. */
const small: Record<string, Record<string, string>> = {
  'resnet50-vd': { 'resnet50-vd.depths': '3,4,6,3', 'resnet50-vd.width': '1', 'data.size': '32' },
  resnet50: { 'resnet50.depths': '1,1,1,1', 'resnet50.width': '.25', 'data.size': '32' },
  'resnet50-c': { 'resnet50-c.depths': '1,1,1,1', 'resnet50-c.width': '.25', 'data.size': '32' },
  'resnet50-a': { 'resnet50-a.depths': '1,1,1,1', 'resnet50-a.width': '.25', 'data.size': '32' },
  'cmt-tiny': { 'data.size': '64' },
  'mobilenetv3-small': { 'mobilenetv3-small.width': '.5', 'data.size': '64' },
  'convnext-atto': { 'convnext-atto.depths': '1,1,1,1', 'convnext-atto.width': '.4', 'data.size': '32' },
};

const steady = { warmup: 'off', schedule: 'constant' };

describe.each(models.map(({ id }) => ({ id })))('a $id', ({ id }) => {
  it('learns a batch by heart', async () => {
    const keys = small[id];
    if (!keys) throw new Error(`${id} has no small settings in this test.`);
    const size = Number(keys['data.size']);
    const experiment = experimentWith({ ...steady, model: id, 'data.batch': '4', 'sgd.lr': '.02', ...keys });
    const series = await losses(experiment, [noise(4, size)], 6);
    expect(series[0]).toBeGreaterThan(1.5);
    expect(series[5]).toBeLessThan((series[0] as number) * 0.8);
  });
});

/** The smallest network, for what is not about networks. */
const tiny = {
  ...steady,
  model: 'resnet50-vd',
  'resnet50-vd.depths': '1,1,1,1',
  'resnet50-vd.width': '.125',
  'data.size': '16',
};

/** By optimizer: the rate, and other options, that suit eight updates. */
const rates: Record<string, Record<string, string>[]> = {
  sgd: [{ 'sgd.nesterov': 'on', 'sgd.lr': '.05' }],
  adamw: [{ 'adamw.lr': '.005' }, { 'adamw.lr': '.005', 'gradient-clipping': 'on', ema: 'on' }],
  lars: [{ 'lars.lr': '20' }, { 'lars.lr': '.05', 'lars.eta': '1', 'lars.clip': 'on' }],
};

describe.each(optimizers.map(({ id }) => ({ id })))('$id', ({ id }) => {
  it('learns a batch by heart', async () => {
    const chosen = rates[id];
    if (!chosen) throw new Error(`${id} has no rate in this test.`);
    for (const keys of chosen) {
      const experiment = experimentWith({ ...tiny, optimizer: id, ...keys, 'data.batch': '4' });
      const series = await losses(experiment, [noise(4, 16)], 8);
      expect(series[7], JSON.stringify(keys)).toBeLessThan((series[0] as number) * 0.5);
    }
  });
});

describe('gradient accumulation', () => {
  it('of k equal micro-batches is one step on one of them, since the gradients are averaged', async () => {
    const batch = noise(4, 16);
    const once = await losses(experimentWith({ ...tiny, 'data.batch': '4' }), [batch], 3);
    const twice = await losses(
      experimentWith({ ...tiny, 'data.batch': '4', 'gradient-accumulation': 'on', 'linear-scaling': 'off' }),
      [batch, batch],
      3,
    );
    // Averages of equal numbers are exact in f32 for two micro-batches.
    expect(twice[0]).toBe(once[0]);
    expect(twice[1]).toBeCloseTo(once[1] as number, 5);
    expect(twice[2]).toBeCloseTo(once[2] as number, 4);
  });
});
