/**
 * Twenty updates of whole recipes against PyTorch (timm's ResNet-vd, optimizer groups and scheduler, the authors' CMT), from the
 * same weights on the same batches, through what a session runs: planTraining, createNetwork, trainUpdate.
 */
import { describe, expect, it } from 'vitest';
import { parseSafetensors } from '../../src/core/safetensors';
import { planTraining } from '../../src/experiment/plan';
import { experimentWith } from '../../src/experiment/schema';
import { createNetwork } from '../../src/trainer/network';
import { trainUpdate } from '../../src/trainer/update';
import type { Picked } from '../fixtures/models/reference';
import { formulaWeights, recipe, type Trajectory, trajectories, waves } from '../fixtures/trajectories/reference';
import { openGpu } from '../support/gpu';

await openGpu();

const { classes, accumulation, microBatches, updates, warmup } = recipe;
const updatesPerEpoch = Math.ceil(microBatches / accumulation);

const small: Record<string, Record<string, string>> = {
  'resnet50-vd': { 'resnet50-vd.depths': '1,1,1,1', 'resnet50-vd.width': '.125', 'resnet50-vd.stem': 'imagenet' },
  'cmt-tiny': { 'cmt-tiny.depths': '1,1,1,1', 'cmt-tiny.channels': '8' },
};

/** The recipe as a person would choose it, with some keys otherwise. */
const experimentOf = (model: string, run: Trajectory, otherwise: Record<string, string>) =>
  experimentWith({
    // Normalised by ImageNet's mean and deviation.
    dataset: 'wds',
    model,
    ...small[model],
    'data.size': run.size,
    'data.batch': run.batch,
    'padded-crop': 'off',
    flip: 'off',
    'sgd.lr': run.lr,
    'sgd.momentum': recipe.momentum,
    'sgd.nesterov': 'on',
    'sgd.weightDecay': recipe.weightDecay,
    'zero-gamma': 'on',
    'no-bias-decay': 'on',
    'label-smoothing': 'on',
    'label-smoothing.epsilon': recipe.smoothing,
    schedule: 'cosine',
    warmup: 'on',
    'warmup.epochs': warmup.updates / updatesPerEpoch,
    'warmup.startLr': warmup.startLr,
    'stop.epochs': Math.ceil(updates / updatesPerEpoch),
    'stop.steps': updates,
    'gradient-accumulation': 'on',
    'gradient-accumulation.steps': accumulation,
    replicas: 'on',
    'replicas.count': recipe.replicas,
    'sync-bn': run.sync ? 'on' : 'off',
    ...otherwise,
  });

/** What a session does with an epoch of five micro-batches, again and again. */
async function train(
  model: string,
  run: Trajectory,
  { otherwise = {}, until = updates }: { otherwise?: Record<string, string>; until?: number } = {},
) {
  const experiment = experimentOf(model, run, otherwise);
  const plan = planTraining(experiment, { trainImages: microBatches * run.batch, classes });
  expect([plan.mean, plan.std]).toEqual([recipe.mean, recipe.std]);
  const unfilled = createNetwork(experiment, plan);
  const weights = formulaWeights(await unfilled.save());
  unfilled.dispose();
  const network = createNetwork(experiment, plan, { initialWeights: weights });
  const batches = Array.from({ length: microBatches }, (_, number) => waves(number, run.batch, run.size));
  const losses: number[] = [];
  for (let update = 0; update < Math.min(until, plan.totalUpdates); update++) {
    const firstBatch = (update % plan.updatesPerEpoch) * plan.accumulation;
    const window = batches.slice(firstBatch, firstBatch + plan.accumulation);
    const epoch = Math.floor(update / plan.updatesPerEpoch);
    const totals = await trainUpdate(network, plan, window, { epoch, firstBatch, update });
    losses.push(totals.loss / (window.length * run.batch));
  }
  const end = parseSafetensors(await network.save());
  network.dispose();
  return { engine: network.engine, plan, losses, end };
}

const relative = (actual: number, expected: number) => Math.abs(actual - expected) / Math.abs(expected);

const worst = (losses: number[], expected: number[]) =>
  losses.reduce((most, loss, i) => Math.max(most, relative(loss, expected[i] as number)), 0);

/** Largest difference of picked entries, as a share of the largest of their tensor; of what is nearly 0, of .01. */
function strayed(end: Map<string, { data: Float32Array }>, expected: Record<string, Picked>): number {
  const shares = Object.entries(expected).map(([name, { at, values }]) => {
    const data = end.get(name)?.data;
    if (!data) throw new Error(`${name} is missing`);
    const scale = Math.max(0.01, ...values.map(Math.abs));
    return Math.max(...at.map((place, i) => Math.abs((data[place] as number) - (values[i] as number)))) / scale;
  });
  return Math.max(...shares);
}

/**
 * Rounding grows from update to update, most where batch norm sees few values: PyTorch's own float32 strays from its float64 by so
 * much, and we may by ten times that. At least by `least`: one ReLU that a rounding shows from its other side costs some 1e-5 of a
 * loss and more of a weight (measured on SwiftShader: losses 3e-7 to 7e-5).
 */
const tolerance = (float32: number, least: number) => Math.max(least, 10 * float32);

describe.each(trajectories)('$model with $name batch norm over two replicas', ({ model, run }) => {
  it('follows the losses of PyTorch for twenty updates, and ends at its weights and running statistics', async () => {
    const { engine, plan, losses, end } = await train(model, run);
    expect(engine).toBe('fused');
    expect(losses).toHaveLength(updates);
    // The same formulas, both in float64; the fixture has seven digits.
    run.rates.forEach((rate, update) => {
      expect(relative(plan.lr(update), rate)).toBeLessThan(1e-6);
    });
    expect(worst(losses, run.losses)).toBeLessThan(tolerance(run.float32.losses, 1e-4));
    expect(strayed(end, run.weights)).toBeLessThan(tolerance(run.float32.weights, 1e-3));
    expect(strayed(end, run.running)).toBeLessThan(tolerance(run.float32.running, 1e-3));
  });
});

describe('the trajectory of a ResNet-vd', () => {
  const { model, run } = trajectories[0] as (typeof trajectories)[0];

  it.each([
    ['sync-bn', 'off'],
    ['no-bias-decay', 'off'],
    ['label-smoothing', 'off'],
    ['gradient-accumulation', 'off'],
    ['warmup', 'off'],
    ['schedule', 'constant'],
    ['sgd.nesterov', 'off'],
    ['sgd.weightDecay', '0'],
  ])('is another with %s %s: ten updates tell', async (key, value) => {
    const { losses } = await train(model, run, { otherwise: { [key]: value }, until: 10 });
    // Five times what the right recipe is allowed; the least, of weight decay, is nine times.
    expect(worst(losses, run.losses)).toBeGreaterThan(5 * tolerance(run.float32.losses, 1e-4));
  });
});
