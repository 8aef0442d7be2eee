import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { batchMetrics, softCrossEntropy } from '../../src/engine/reference/loss';
import lossCases from '../fixtures/loss/soft-cross-entropy.json';
import { openGpu } from '../support/gpu';

await openGpu();

describe('softCrossEntropy', () => {
  it.each(lossCases)('equals torch, forward and backward ($batch x $classes)', async (fixture) => {
    const { batch, classes } = fixture;
    const logits = tf.tensor2d(fixture.logits, [batch, classes]);
    const targets = tf.tensor2d(fixture.targets, [batch, classes]);
    const { value, grad } = tf.valueAndGrad((z: tf.Tensor) => softCrossEntropy(z as tf.Tensor2D, targets))(logits);
    // f32 with a different order of sums: a few units in the last place.
    expect(await value.data()).toBeClose([fixture.loss], 1e-5);
    expect(await grad.data()).toBeClose(fixture.gradient, 1e-5);
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
