/**
 * Every kernel that takes part in a step of low precision, over tensors in f16, against the reference in f32 over the same values.
 * Only where the adapter has shader-f16: llvmpipe has, SwiftShader has not.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { plainModel } from '../../src/catalog/define';
import { resnet50Vd } from '../../src/catalog/models/resnet';
import { rng } from '../../src/core/rng';
import {
  buildParameters,
  createLayers,
  createParameters,
  createTrainer,
  noMix,
  openBackend,
  opsOf,
  type StepNumber,
} from '../../src/engine';
import { gpu } from '../../src/engine/gpu/dispatch';
import type { Precision } from '../../src/engine/gpu/precision';
import { convert } from '../../src/engine/kernels/convert';
import { registerFused } from '../../src/engine/kernels/register';
import type { Ops } from '../../src/engine/ops';
import { values } from '../fixtures/models/reference';

const errors: string[] = [];
const note = (message: string) => {
  errors.push(message);
};
const { features } = await openBackend({ onError: note, onLost: note });

const fused = opsOf('fused');
const reference = opsOf('reference');

/** Numbers that f16 holds exactly, so that both sides compute from the same. */
const filled = (name: string, shape: number[]) =>
  tf.tensor(
    Float32Array.from(values(name, tf.util.sizeFromShape(shape)), (value) => Math.round(value * 256) / 256),
    shape,
  );

const [toHalf, toFull] = ['half', 'full'].map((to) => {
  const empty = (shape: number[], half: boolean) => (half ? gpu().activation(shape) : gpu().empty(shape));
  const run = registerFused<object>(`Test to ${to}`, {
    forward: ({ x }) => {
      const y = empty((x as tf.TensorInfo).shape, to === 'half');
      convert(x as tf.TensorInfo, y);
      return y;
    },
    backward: ([dy]) => ({
      x: () => {
        const dx = empty(dy.shape, to === 'full');
        convert(dy, dx);
        return dx;
      },
    }),
  });
  return (x: tf.Tensor) => run({ x }, {})[0] as tf.Tensor;
}) as [(x: tf.Tensor) => tf.Tensor, (x: tf.Tensor) => tf.Tensor];

async function difference(actual: tf.Tensor, expected: tf.Tensor): Promise<number> {
  const [a, b] = [await actual.data(), await expected.data()];
  const scale = (b as Float32Array).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  return (
    (b as Float32Array).reduce((worst, value, i) => Math.max(worst, Math.abs((a[i] as number) - value)), 0) / scale
  );
}

/**
 * f16 keeps 11 bits: what a kernel stores is off by 2^-12 of itself, and a gradient that reads a stored output again by as much
 * more. 2e-3 of the largest value leaves room for both, and none for a sum in f16 or a misread tensor.
 */
async function expectClose(
  run: (ops: Ops, ...xs: tf.Tensor[]) => tf.Tensor,
  activations: tf.Tensor[],
  weights: tf.Tensor[] = [],
) {
  const inputs = [...activations, ...weights];
  const results = [fused, reference].map((ops) => {
    const half = ops === fused;
    const whole = (...xs: tf.Tensor[]) => {
      const stored = half ? xs.map((x, i) => (i < activations.length ? toHalf(x) : x)) : xs;
      const y = run(ops, ...stored);
      return half ? toFull(y) : y;
    };
    return gpu().halves.within({ half, lossScale: 1 }, () =>
      tf.tidy(() => {
        const y = whole(...inputs);
        return [y, ...tf.grads(whole)(inputs, filled('dy', y.shape))];
      }),
    );
  }) as [tf.Tensor[], tf.Tensor[]];
  const differences = await Promise.all(results[0].map((tensor, i) => difference(tensor, results[1][i] as tf.Tensor)));
  expect(differences.map((value) => (value < 2e-3 ? 'close' : value))).toEqual(differences.map(() => 'close'));
  expect(errors.splice(0)).toEqual([]);
}

describe.skipIf(!features.includes('shader-f16'))('in half precision', () => {
  beforeAll(() => expect(errors).toEqual([]));

  const convolutions: [
    string,
    { input: number[]; out: number; kernel: number; stride: number; padding: number; bias?: boolean },
  ][] = [
    ['of vec4 channels', { input: [2, 6, 5, 8], out: 12, kernel: 3, stride: 1, padding: 1 }],
    ['with stride 2 and a bias', { input: [1, 9, 8, 3], out: 16, kernel: 3, stride: 2, padding: 1, bias: true }],
    ['of odd channels', { input: [2, 4, 3, 7], out: 5, kernel: 3, stride: 1, padding: 1, bias: true }],
    ['of one pixel', { input: [1, 1, 1, 8], out: 4, kernel: 3, stride: 1, padding: 1 }],
    ['of 1x1', { input: [2, 5, 5, 16], out: 24, kernel: 1, stride: 1, padding: 0 }],
  ];
  it.each(convolutions)('convolution %s', async (_name, { input, out, kernel, stride, padding, bias }) => {
    const weights = [filled('w', [kernel, kernel, input[3] as number, out]), ...(bias ? [filled('b', [out])] : [])];
    await expectClose(
      (ops, x, w, b) => ops.conv(x as tf.Tensor4D, w as tf.Tensor4D, b, { stride, padding }),
      [filled('x', input)],
      weights,
    );
  });

  it('reads the copy of weights, and in f32 the weights themselves', async () => {
    const w = filled('w', [1, 1, 8, 8]);
    const doubled = tf.mul(w, 2);
    const copy = gpu().empty(w.shape);
    gpu().halves.addCopy(w, copy);
    convert(doubled, copy);
    const run = (x: tf.Tensor) => fused.conv(x as tf.Tensor4D, w as tf.Tensor4D, undefined, { stride: 1, padding: 0 });
    const x = filled('x', [1, 2, 2, 8]);
    const half = gpu().halves.within({ half: true, lossScale: 1 }, () => tf.tidy(() => toFull(run(toHalf(x)))));
    expect(await difference(half, tf.mul(run(x), 2))).toBeLessThan(2e-3);
  });

  it.each([8, 5])('depthwise convolution of %d channels', async (channels) => {
    await expectClose(
      (ops, x, w, b) => ops.depthwiseConv(x as tf.Tensor4D, w as tf.Tensor4D, b, { stride: 1, padding: 1 }),
      [filled('x', [2, 5, 4, channels])],
      [filled('w', [3, 3, channels, 1]), filled('b', [channels])],
    );
  });

  it.each([
    [8, true, 1],
    [5, false, 1],
    [8, true, 2],
  ])('batch norm of %d channels with a residual, ReLU %s, in %d groups', async (channels, relu, groups) => {
    const shape = [4, 4, 3, channels];
    const running = () => ({ mean: tf.variable(tf.zeros([channels])), variance: tf.variable(tf.ones([channels])) });
    await expectClose(
      (ops, x, residual, gamma, beta) =>
        ops.batchNorm(x as tf.Tensor, gamma as tf.Tensor, beta as tf.Tensor, {
          eps: 1e-5,
          relu,
          residual,
          groups,
          running: { ...running(), momentum: 0.1 },
        }),
      [filled('x', shape), filled('r', shape)],
      [filled('g', [channels]), filled('b', [channels])],
    );
  });

  it.each([8, 7])('layer norm of %d channels', async (channels) => {
    await expectClose(
      (ops, x, gamma, beta) => ops.layerNorm(x as tf.Tensor, gamma as tf.Tensor, beta as tf.Tensor, 1e-6),
      [filled('x', [6, channels])],
      [filled('g', [channels]), filled('b', [channels])],
    );
  });

  it.each(['relu', 'gelu', 'swish'] as const)('%s', async (name) => {
    await expectClose((ops, x) => ops[name](x as tf.Tensor), [filled('x', [3, 3, 5])]);
  });

  it('sums and pools', async () => {
    await expectClose((ops, a, b) => ops.add(a as tf.Tensor, b as tf.Tensor), [filled('a', [7]), filled('b', [7])]);
    await expectClose(
      (ops, x) => ops.maxPool(x as tf.Tensor4D, { kernel: 3, stride: 2, padding: 1 }),
      [filled('x', [1, 6, 5, 4])],
    );
    await expectClose(
      (ops, x) => ops.avgPool(x as tf.Tensor4D, { kernel: 2, stride: 2, ceil: true }),
      [filled('x', [1, 5, 5, 3])],
    );
    await expectClose((ops, x) => ops.globalAvgPool(x as tf.Tensor4D), [filled('x', [2, 4, 4, 8])]);
  });

  it('attention', async () => {
    await expectClose(
      (ops, q, k, v, bias) =>
        ops.attention(q as tf.Tensor, k as tf.Tensor, v as tf.Tensor, bias as tf.Tensor, { heads: 2, scale: 0.5 }),
      [filled('q', [2, 6, 8]), filled('k', [2, 3, 8]), filled('v', [2, 3, 8])],
      [filled('bias', [2, 6, 3])],
    );
  });

  it('trains as in f32, in less memory, and gives the same bits each time', async () => {
    const train = async (precision?: Precision, accumulating = false) => {
      const parameters = createParameters(5);
      const size = 16;
      const forward = (x: tf.Tensor4D, mode: { training: boolean; step: StepNumber }) =>
        resnet50Vd.forward<tf.Tensor>(
          createLayers(parameters, { ops: fused, seed: 5, ...mode }),
          x,
          resnet50Vd.options.parse({ depths: [1, 1, 1, 1], width: 0.125, stem: 'small' }),
          { ...plainModel, classes: 4, size },
        ) as tf.Tensor2D;
      buildParameters(forward, size);
      const trainer = createTrainer('fused', {
        parameters,
        forward,
        optimizer: {
          rule: { kind: 'sgd', momentum: 0.9, nesterov: true },
          weightDecay: 1e-3,
          decayVectors: false,
        },
        classes: 4,
        input: { size, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
        accumulating,
        evalBatch: 8,
        ...(precision && { precision }),
      });
      const stream = rng(2, 'pixels');
      const labels = Int32Array.from({ length: 8 }, (_, i) => i % 4);
      const targets = Float32Array.from({ length: 32 }, (_, i) => Number(i % 4 === labels[Math.floor(i / 4)]));
      const pixels = Uint8Array.from({ length: 8 * size * size * 3 }, () => stream.int(256));
      const images = { pixels, labels, targets, count: 8, mix: noMix };
      await trainer.prepare(8);
      const memory = gpu().pool.liveBytes;
      const batches = accumulating ? [images, images] : [images];
      const losses: number[] = [];
      for (let i = 0; i < 20; i++) {
        losses.push((await trainer.update(batches, { lr: 0.02, firstMicroBatch: i })).loss / (8 * batches.length));
      }
      trainer.dispose();
      parameters.dispose();
      return { losses, memory };
    };
    const half = { half: true, lossScale: 1024 };
    const full = await train();
    const low = await train(half);
    expect(full.losses.at(-1)).toBeLessThan(0.5 * (full.losses[0] as number));
    // Gradients that are wrong by the loss scale, or zero, would leave this at once. Measured on llvmpipe: at most 8e-4.
    low.losses.forEach((loss, i) => {
      expect(Math.abs(loss - (full.losses[i] as number))).toBeLessThan(0.01);
    });
    expect(low.losses).not.toEqual(full.losses);
    expect(low.memory).toBeLessThan(0.8 * full.memory);
    expect((await train(half)).losses).toEqual(low.losses);
    // Twice the same images, averaged, are the same update, but for batch norm's statistics, which they do not touch.
    const accumulated = await train(half, true);
    accumulated.losses.forEach((loss, i) => {
      expect(Math.abs(loss - (low.losses[i] as number))).toBeLessThan(0.01);
    });
  });

  it('takes half the memory', () => {
    const { pool, halves } = gpu();
    const bytesOf = (half: boolean) => {
      const before = pool.numBytesUsed;
      const tensor = halves.within({ half, lossScale: 1 }, () => gpu().activation([1000]));
      convert(tf.ones([1000]), tensor);
      return pool.numBytesUsed - before;
    };
    // Besides, both times, the ones.
    expect(bytesOf(false) - bytesOf(true)).toBe(2000);
  });
});
