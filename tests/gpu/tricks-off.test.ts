/** Off is off: a step without tricks has the bits of one that knows nothing of them, and so has a trick that changes nothing. */
import type * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { plainModel } from '../../src/catalog/define';
import { resnet50Vd } from '../../src/catalog/models/resnet';
import { tricks } from '../../src/catalog/tricks';
import { rng } from '../../src/core/rng';
import type { Batch } from '../../src/data/types';
import type { MicroBatchNumber } from '../../src/engine';
import {
  buildParameters,
  createLayers,
  createParameters,
  createTrainer,
  engineOf,
  noMix,
  openBackend,
} from '../../src/engine';
import { planTraining } from '../../src/experiment/plan';
import { controlsOf, experimentWith } from '../../src/experiment/schema';
import { createNetwork } from '../../src/trainer/network';
import { trainUpdate } from '../../src/trainer/update';

const errors: string[] = [];
/** With every trick off. */
let plain: Awaited<ReturnType<typeof train>>;
beforeAll(async () => {
  await openBackend({ onError: (message) => errors.push(message), onLost: (message) => errors.push(message) });
  plain = await train({});
});
afterEach(() => expect(errors.splice(0)).toEqual([]));

const size = 16;
const classes = 5;
const count = 4;
const updates = 4;
const small = { depths: [1, 1, 1, 1], width: 0.125, stem: 'small' } as const;
const recipe = {
  model: 'resnet50-vd',
  'resnet50-vd.depths': [...small.depths],
  'resnet50-vd.width': small.width,
  'resnet50-vd.stem': small.stem,
  'data.size': size,
  'data.batch': count,
  schedule: 'constant',
  'sgd.lr': 0.02,
};
const off = Object.fromEntries(tricks.map(({ id }) => [id, false]));

function noise(number: number): Batch {
  const stream = rng(8, 'noise', number);
  const pixels = Uint8Array.from({ length: count * size * size * 3 }, () => stream.int(256));
  const labels = Int32Array.from({ length: count }, () => stream.int(classes));
  return { pixels, labels, count, keys: [], index: number };
}

/** Losses of a few updates, and the weights after them, of an experiment with all tricks off but for some keys. */
async function train(keys: Record<string, string | boolean | number>) {
  const experiment = experimentWith({ ...recipe, ...off, ...keys });
  const plan = planTraining(experiment, { trainImages: 100, classes });
  const network = createNetwork(experiment, plan);
  const losses: number[] = [];
  for (let update = 0; update < updates; update++) {
    losses.push((await trainUpdate(network, plan, [noise(update)], { epoch: 0, firstBatch: update, update })).loss);
  }
  const weights = new Uint8Array(await network.save());
  network.dispose();
  return { losses, weights };
}

/** The same without catalog, plan and session: what the engine does when nobody has heard of a trick. */
async function trainPlainly(): Promise<number[]> {
  const experiment = experimentWith({ ...recipe, ...off });
  const { mean, std, optimizerPlan } = planTraining(experiment, { trainImages: 100, classes });
  const rule = { kind: 'sgd', momentum: 0.9, nesterov: false };
  expect(optimizerPlan).toEqual({ rule, weightDecay: 1e-4, decayVectors: true });
  const parameters = createParameters(experiment.seed);
  const forward = (x: tf.Tensor4D, mode: { training: boolean; microBatch: MicroBatchNumber }) => {
    const nn = createLayers(parameters, { engine: engineOf('fused'), seed: experiment.seed, ...mode });
    const context = { ...plainModel, classes, size };
    return resnet50Vd.forward<tf.Tensor>(nn, x, resnet50Vd.options.parse(small), context) as tf.Tensor2D;
  };
  buildParameters(forward, size);
  const trainer = createTrainer('fused', {
    parameters,
    forward,
    optimizer: optimizerPlan,
    classes,
    input: { size, mean, std },
    accumulating: false,
    evalBatch: count,
  });
  const losses: number[] = [];
  for (let update = 0; update < updates; update++) {
    const { pixels, labels } = noise(update);
    const targets = new Float32Array(count * classes);
    labels.forEach((label, i) => {
      targets[i * classes + label] = 1;
    });
    const images = { pixels, labels, targets, count, mix: noMix };
    losses.push((await trainer.update([images], { lr: 0.02, firstMicroBatch: update })).loss);
  }
  trainer.dispose();
  parameters.dispose();
  return losses;
}

it('a session with every trick off has the bits of a step that knows none', async () => {
  expect(plain.losses).toEqual(await trainPlainly());
  expect(new Set(plain.losses).size).toBe(updates);
});

it('options of tricks that are off, at their largest, change no bit', async () => {
  const wild = tricks.flatMap((trick) =>
    [...controlsOf(trick)].flatMap(([name, control]) =>
      control.kind === 'number' ? [[`${trick.id}.${name}`, control.max] as const] : [],
    ),
  );
  expect(wild.length).toBeGreaterThan(tricks.length / 2);
  expect(await train(Object.fromEntries(wild))).toEqual(plain);
});

it.each<[string, Record<string, string | boolean | number>]>([
  ['replicas that share their statistics', { replicas: true, 'replicas.count': 2, 'sync-bn': true }],
  ['SyncBN without replicas', { 'sync-bn': true }],
  ['stochastic depth of rate 0', { 'stochastic-depth': true, 'stochastic-depth.rate': 0 }],
  ['dropout of rate 0', { dropout: true, 'dropout.rate': 0 }],
  ['mixing that has ended', { mixup: true, cutmix: true, 'mixup-off': true, 'mixup-off.epochs': 1000 }],
  ['label smoothing of share 0', { 'label-smoothing': true, 'label-smoothing.epsilon': 0 }],
])('%s: the bits of a run without', async (_name, keys) => {
  expect(await train(keys)).toEqual(plain);
});

it.each<[string, Record<string, string | boolean | number>]>([
  ['replicas', { replicas: true, 'replicas.count': 2 }],
  ['stochastic depth', { 'stochastic-depth': true, 'stochastic-depth.rate': 0.5 }],
  ['dropout', { dropout: true }],
  ['label smoothing', { 'label-smoothing': true }],
  ['label smoothing that falls', { 'label-smoothing': true, 'label-smoothing.decay': 'cosine', 'stop.steps': updates }],
  ['mixup and its end', { mixup: true, 'mixup-off': true, 'stop.epochs': 3 }],
])('%s, on: other losses, the same ones each time', async (_name, keys) => {
  const changed = await train(keys);
  expect(changed.losses).not.toEqual(plain.losses);
  expect(await train(keys)).toEqual(changed);
});
