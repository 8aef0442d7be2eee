/** What some ops promise besides the contract of ops.test.ts. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { engineOf } from '../../src/engine';
import { gpu } from '../../src/engine/gpu/dispatch';
import { add } from '../../src/engine/ops/add';
import { batchNorm } from '../../src/engine/ops/batch-norm';
import { groupedConv } from '../../src/engine/ops/conv';
import { maxPool } from '../../src/engine/ops/pool';
import type { Engine } from '../../src/engine/trainer';
import { filled, openGpu } from '../support/gpu';

await openGpu();

const fused = engineOf('fused');
const reference = engineOf('reference');

/** Training batch norm over x, starting from mean 0 and variance 1. */
function normed(engine: Engine, x: tf.Tensor, { groups = 1, relu = false, gamma, beta }: Options = {}) {
  const channels = x.shape.at(-1) as number;
  const runningMean = tf.variable(tf.zeros([channels]), false);
  const runningVariance = tf.variable(tf.ones([channels]), false);
  const affine = { gamma: gamma ?? tf.ones([channels]), beta: beta ?? tf.zeros([channels]) };
  const inputs = { x, ...affine, runningMean, runningVariance };
  const { y } = engine.run(batchNorm, inputs, { eps: 1e-5, relu, momentum: 0.1, groups });
  return { y: y as tf.Tensor, runningMean, runningVariance };
}

interface Options {
  groups?: number;
  relu?: boolean;
  gamma?: tf.Tensor;
  beta?: tf.Tensor;
}

describe('batch norm', () => {
  it.each(['fused', 'reference'] as const)('in groups is batch norm of each part, by the %s engine', async (name) => {
    const affine = { gamma: filled('gamma', [6]), beta: filled('beta', [6]), relu: true };
    const x = filled('x', [6, 3, 2, 6]);
    const engine = engineOf(name);
    const whole = normed(engine, x, { ...affine, groups: 3 });
    const parts = tf.split(x, 3).map((part) => normed(engine, part, affine));
    const joined = tf.concat(parts.map(({ y }) => y));
    expect(await whole.y.data()).toBeClose(await joined.data(), 1e-6);
    // The first part's statistics alone are kept.
    const [first] = parts as [(typeof parts)[number]];
    for (const statistic of ['runningMean', 'runningVariance'] as const)
      expect(await whole[statistic].data()).toBeClose(await first[statistic].data(), 1e-6);
    expect(await whole.y.data()).not.toBeClose(await normed(engine, x, affine).y.data(), 1e-2);
  });

  it('takes as many dispatches in groups as for the whole batch, forward and backward', () => {
    const dispatches = (groups: number) => {
      const before = gpu().counters.dispatches;
      tf.tidy(() => {
        const norm = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
          normed(fused, x, { groups, relu: true, gamma, beta }).y;
        const x = filled('x', [8, 20, 20, 4]);
        tf.grads(norm as (...xs: tf.Tensor[]) => tf.Tensor)(
          [x, filled('gamma', [4]), filled('beta', [4])],
          filled('dy', x.shape),
        );
      });
      return gpu().counters.dispatches - before;
    };
    expect(dispatches(1)).toBe(6);
    expect(dispatches(4)).toBe(6);
  });

  it('keeps its digits when the mean is a thousand deviations from zero', async () => {
    const x = tf.add(filled('x', [4, 6, 6, 4]), 1000);
    expect(await normed(fused, x).y.data()).toBeClose(await normed(reference, x).y.data(), 1e-3);
  });
});

it('max pooling gives the gradient of a tie to the first of the largest, as PyTorch', async () => {
  const pool = (x: tf.Tensor) => fused.run(maxPool, { x }, { kernel: 2, stride: 2, padding: 0 }).y as tf.Tensor;
  const [dx] = tf.grads(pool)([tf.ones([1, 2, 2, 1])], tf.tensor4d([3], [1, 1, 1, 1]));
  expect([...(await (dx as tf.Tensor).data())]).toEqual([3, 0, 0, 0]);
});

it('the gradients of a tensor that is added to itself, and to another, are summed', async () => {
  const sum = (a: tf.Tensor, b: tf.Tensor) => fused.run(add, { a, b }, {}).y as tf.Tensor;
  const twice = (a: tf.Tensor, b: tf.Tensor) => sum(sum(a, b), a);
  const dy = filled('dy', [3, 7]);
  const [da, db] = tf.grads(twice)([filled('x', [3, 7]), filled('y', [3, 7])], dy) as [tf.Tensor, tf.Tensor];
  expect(await da.data()).toEqual(await tf.mul(dy, 2).data());
  expect(await db.data()).toEqual(await dy.data());
});

it('an op without kernels runs, and says why it cannot be recorded', async () => {
  const inputs = { x: filled('x', [1, 3, 3, 4]), w: filled('w', [3, 3, 2, 4]) };
  const attributes = { stride: 1, padding: 1, groups: 2 };
  const [ours, plain] = [fused, reference].map((engine) => engine.run(groupedConv, inputs, attributes).y as tf.Tensor);
  expect(await ours?.data()).toEqual(await plain?.data());
  expect(() => gpu().record(() => fused.run(groupedConv, inputs, attributes))).toThrow(
    'The op groupedConv has no kernels yet',
  );
});
