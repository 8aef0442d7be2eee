import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src/engine';
import { batchMetrics, softCrossEntropy } from '../../src/engine/reference/loss';
import { createSgd } from '../../src/engine/reference/sgd';
import lossCases from '../fixtures/loss/soft-cross-entropy.json';
import sgdCases from '../fixtures/optimizers/sgd.json';

const errors: string[] = [];
beforeAll(async () => {
  await openBackend({ onError: (message) => errors.push(message), onLost: (message) => errors.push(message) });
});

/** Largest difference, as a share of the largest expected magnitude. */
function relativeError(got: ArrayLike<number>, expected: readonly number[]): number {
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs((got[i] as number) - value))) / scale;
}

describe('softCrossEntropy', () => {
  it.each(lossCases)('equals torch, forward and backward ($batch x $classes)', async (fixture) => {
    const { batch, classes } = fixture;
    const logits = tf.tensor2d(fixture.logits, [batch, classes]);
    const targets = tf.tensor2d(fixture.targets, [batch, classes]);
    const { value, grad } = tf.valueAndGrad((z: tf.Tensor) => softCrossEntropy(z as tf.Tensor2D, targets))(logits);
    // f32 with a different order of sums: a few units in the last place.
    expect(relativeError(await value.data(), [fixture.loss])).toBeLessThan(1e-5);
    expect(relativeError(await grad.data(), fixture.gradient)).toBeLessThan(1e-5);
  });
});

describe('batchMetrics', () => {
  it('counts the label among the first one and the first five', async () => {
    // Ranks of the label: 0, 1, 4, 5.
    const rows = [0, 1, 4, 5].map((rank) => Array.from({ length: 8 }, (_, c) => (c === 0 ? 8 - rank - 0.5 : 8 - c)));
    const sums = batchMetrics(tf.scalar(0.25), tf.tensor2d(rows), tf.tensor1d([0, 0, 0, 0], 'int32'));
    expect([...(await sums.data())]).toEqual([1, 1, 3]);
  });
});

describe('createSgd', () => {
  it.each(sgdCases)('follows torch.optim.SGD for three updates ($options)', async (fixture) => {
    const names = Object.keys(fixture.start) as (keyof typeof fixture.start)[];
    const parameters = names.map((name) => ({
      name,
      variable: tf.variable(tf.tensor(fixture.start[name], fixture.shapes[name])),
      dimensions: fixture.shapes[name].length,
    }));
    const before = tf.memory().numTensors;
    const sgd = createSgd(() => parameters, fixture.options);
    fixture.gradients.forEach((step, i) => {
      const gradients = Object.fromEntries(names.map((name) => [name, tf.tensor(step[name], fixture.shapes[name])]));
      sgd.update(gradients, fixture.lr[i] as number);
      tf.dispose(gradients);
    });
    for (const { name, variable } of parameters) {
      expect(relativeError(await variable.data(), fixture.end[name as keyof typeof fixture.end])).toBeLessThan(1e-6);
    }
    sgd.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(errors).toEqual([]);
  });
});
