import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { engineOf } from '../../src/engine';
import { softCrossEntropy } from '../../src/engine/ops/loss';
import lossCases from '../fixtures/loss/soft-cross-entropy.json';
import { openGpu } from '../support/gpu';

await openGpu();

describe.each(['fused', 'reference'] as const)('the loss, %s', (engine) => {
  const run = (logits: tf.Tensor, targets: tf.Tensor, labels: number[]) =>
    engineOf(engine).run(softCrossEntropy, { logits, targets, labels: tf.tensor1d(labels, 'int32') }, {});

  it.each(lossCases)('equals torch, forward and backward ($batch x $classes)', async (fixture) => {
    const { batch, classes } = fixture;
    const logits = tf.tensor2d(fixture.logits, [batch, classes]);
    const targets = tf.tensor2d(fixture.targets, [batch, classes]);
    const labels = new Array<number>(batch).fill(0);
    const { value, grad } = tf.valueAndGrad((z: tf.Tensor) => run(z, targets, labels).loss as tf.Tensor)(logits);
    // f32 with a different order of sums: a few units in the last place.
    expect(await value.data()).toBeClose([fixture.loss], 1e-5);
    expect(await grad.data()).toBeClose(fixture.gradient, 1e-5);
  });

  const counts = async (rows: number[][], labels: number[]) => {
    const logits = tf.tensor2d(rows);
    const sums = await (run(logits, tf.zerosLike(logits), labels).sums as tf.Tensor).data();
    return [...sums].slice(1);
  };

  it('counts the label among the first one and the first five', async () => {
    // Ranks of the label: 0, 1, 4, 5.
    const rows = [0, 1, 4, 5].map((rank) => Array.from({ length: 8 }, (_, c) => (c === 0 ? 8 - rank - 0.5 : 8 - c)));
    expect(await counts(rows, [0, 0, 0, 0])).toEqual([1, 3]);
  });

  it('takes the earlier class first where logits are equal, as torch.topk', async () => {
    const equal = [new Array<number>(8).fill(0.5)];
    expect(await counts(equal, [0])).toEqual([1, 1]);
    expect(await counts(equal, [1])).toEqual([0, 1]);
    expect(await counts(equal, [4])).toEqual([0, 1]);
    expect(await counts(equal, [5])).toEqual([0, 0]);
    // A network that says nothing is as good as chance.
    const dead = [0, 1, 2, 3, 4, 5].map(() => new Array<number>(6).fill(0));
    expect(await counts(dead, [0, 1, 2, 3, 4, 5])).toEqual([1, 5]);
  });

  it('never counts a logit that is no number as right, and puts it before all others', async () => {
    const blown = [0, 1, 2].map(() => new Array<number>(6).fill(Number.NaN));
    expect(await counts(blown, [0, 3, 5])).toEqual([0, 0]);
    const few = [new Array<number>(3).fill(Number.NaN)];
    expect(await counts(few, [0])).toEqual([0, 0]);
    const other = [[9, Number.NaN, 1, 2, 3, 4]];
    expect(await counts(other, [0])).toEqual([0, 1]);
    expect(await counts(other, [1])).toEqual([0, 0]);
    expect(await counts([[Number.POSITIVE_INFINITY, 1, 2]], [0])).toEqual([1, 1]);
    expect(await counts([[Number.NEGATIVE_INFINITY, 1, 2]], [0])).toEqual([0, 1]);
  });
});
