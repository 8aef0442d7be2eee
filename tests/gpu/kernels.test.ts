/**
 * Every fused kernel against its reference made of plain tfjs ops, forward and all gradients, over odd shapes: one pixel, one
 * channel, a batch of one, channels that are not multiples of 4, strides and padding.
 */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBackend, opsOf } from '../../src/engine';
import { gpu } from '../../src/engine/gpu/dispatch';
import type { Ops } from '../../src/engine/ops';
import { values } from '../fixtures/models/reference';

const gpuErrors: string[] = [];
const listen = {
  onError: (message: string) => gpuErrors.push(message),
  onLost: (message: string) => gpuErrors.push(message),
};
beforeAll(async () => {
  await openBackend(listen);
});
afterEach(() => {
  expect(gpuErrors.splice(0)).toEqual([]);
});

const fused = opsOf('fused');
const reference = opsOf('reference');

const filled = (name: string, shape: number[]) =>
  tf.tensor(Float32Array.from(values(name, tf.util.sizeFromShape(shape))), shape);

/** Largest difference as a share of the largest expected magnitude. */
async function difference(actual: tf.Tensor, expected: tf.Tensor): Promise<number> {
  expect(actual.shape).toEqual(expected.shape);
  const [a, b] = [await actual.data(), await expected.data()];
  const scale = (b as Float32Array).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  return (
    (b as Float32Array).reduce((worst, value, i) => Math.max(worst, Math.abs((a[i] as number) - value)), 0) / scale
  );
}

/**
 * Output and gradients of both engines for the same inputs and the same dy. Tolerance: sums of f32 in another order differ by
 * about 1e-6 of the largest value; 2e-5 leaves room for a few thousand terms and for cancellation in batch norm's gradient.
 */
async function expectSame(run: (ops: Ops, ...xs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[], tolerance = 2e-5) {
  const results = [fused, reference].map((ops) =>
    tf.tidy(() => {
      const y = run(ops, ...inputs);
      const dy = filled('dy', y.shape);
      const gradients = tf.grads((...xs: tf.Tensor[]) => run(ops, ...xs))(inputs, dy);
      return [y, ...gradients];
    }),
  ) as [tf.Tensor[], tf.Tensor[]];
  const names = ['output', ...inputs.map((_, i) => `gradient ${i}`)];
  const differences: Record<string, number> = {};
  for (const [i, name] of names.entries()) {
    differences[name] = await difference(results[0][i] as tf.Tensor, results[1][i] as tf.Tensor);
  }
  const wrong = Object.entries(differences).filter(([, value]) => !(value < tolerance));
  expect(Object.fromEntries(wrong)).toEqual({});
}

describe('convolution', () => {
  const cases: [
    string,
    { input: number[]; out: number; kernel: number; stride: number; padding: number; bias?: boolean },
  ][] = [
    ['3x3 over vec4 channels', { input: [2, 6, 5, 8], out: 12, kernel: 3, stride: 1, padding: 1 }],
    ['3x3 with stride 2 and odd sides', { input: [2, 7, 5, 4], out: 8, kernel: 3, stride: 2, padding: 1 }],
    [
      '3x3 of three channels with a bias',
      { input: [1, 9, 8, 3], out: 16, kernel: 3, stride: 2, padding: 1, bias: true },
    ],
    ['7x7 stem', { input: [1, 11, 12, 3], out: 8, kernel: 7, stride: 2, padding: 3 }],
    ['one pixel', { input: [1, 1, 1, 8], out: 4, kernel: 3, stride: 1, padding: 1 }],
    ['one channel in, one out', { input: [2, 4, 4, 1], out: 1, kernel: 3, stride: 1, padding: 1 }],
    ['odd channels', { input: [2, 4, 3, 7], out: 5, kernel: 3, stride: 1, padding: 1, bias: true }],
    ['1x1', { input: [2, 5, 5, 16], out: 24, kernel: 1, stride: 1, padding: 0 }],
    ['1x1 with stride 2', { input: [2, 5, 6, 8], out: 4, kernel: 1, stride: 2, padding: 0 }],
    ['1x1 of odd channels', { input: [3, 4, 4, 46], out: 165, kernel: 1, stride: 1, padding: 0, bias: true }],
    ['2x2 with stride 2', { input: [2, 6, 6, 10], out: 6, kernel: 2, stride: 2, padding: 0, bias: true }],
    ['more pixels than one slice', { input: [4, 24, 24, 4], out: 4, kernel: 3, stride: 1, padding: 1 }],
  ];
  it.each(cases)('%s', async (_name, { input, out, kernel, stride, padding, bias }) => {
    const inputs = [filled('x', input), filled('w', [kernel, kernel, input[3] as number, out])];
    if (bias) inputs.push(filled('b', [out]));
    await expectSame((ops, x, w, b) => ops.conv(x as tf.Tensor4D, w as tf.Tensor4D, b, { stride, padding }), inputs);
  });

  it.each([
    ['vec4 channels', 8, 12],
    ['a classifier of ten', 64, 10],
    ['odd ones', 5, 7],
  ])('linear layer, %s', async (_name, channels, out) => {
    const inputs = [filled('x', [9, channels]), filled('w', [channels, out]), filled('b', [out])];
    await expectSame((ops, x, w, b) => ops.linear(x as tf.Tensor2D, w as tf.Tensor2D, b), inputs);
  });
});

describe('depthwise convolution', () => {
  const cases: [string, { input: number[]; kernel: number; stride: number; padding: number; bias?: boolean }][] = [
    ['3x3 over vec4 channels', { input: [2, 5, 6, 8], kernel: 3, stride: 1, padding: 1, bias: true }],
    ['3x3 of odd channels', { input: [2, 4, 4, 5], kernel: 3, stride: 1, padding: 1 }],
    ['8x8 with stride 8', { input: [1, 16, 16, 6], kernel: 8, stride: 8, padding: 0, bias: true }],
    ['one pixel', { input: [1, 1, 1, 4], kernel: 3, stride: 1, padding: 1 }],
  ];
  it.each(cases)('%s', async (_name, { input, kernel, stride, padding, bias }) => {
    const channels = input[3] as number;
    const inputs = [filled('x', input), filled('w', [kernel, kernel, channels, 1])];
    if (bias) inputs.push(filled('b', [channels]));
    const run = (ops: Ops, x?: tf.Tensor, w?: tf.Tensor, b?: tf.Tensor) =>
      ops.depthwiseConv(x as tf.Tensor4D, w as tf.Tensor4D, b, { stride, padding });
    await expectSame(run, inputs);
  });
});

describe('batch norm', () => {
  /** Name, shape and number of groups. */
  const shapes: [string, number[], number][] = [
    ['vec4 channels', [3, 5, 4, 8], 1],
    ['odd channels', [2, 3, 3, 5], 1],
    ['one channel', [4, 2, 2, 1], 1],
    ['two rows', [2, 1, 1, 4], 1],
    ['many slices', [8, 20, 20, 4], 1],
    ['vec4 channels in two groups', [4, 3, 5, 8], 2],
    ['odd channels in three groups', [6, 3, 3, 5], 3],
    ['one channel, a group for each image', [4, 3, 3, 1], 4],
    ['many slices in each of two groups', [8, 20, 20, 4], 2],
    ['more channels than a workgroup has threads, in two groups', [2, 3, 1, 131], 2],
  ];
  for (const relu of [false, true]) {
    for (const withResidual of [false, true]) {
      const how = `${relu ? 'with' : 'without'} ReLU, ${withResidual ? 'with' : 'without'} residual`;
      it.each(shapes)(`in training, ${how}: %s`, async (_name, shape, groups) => {
        const channels = shape.at(-1) as number;
        const statistics: tf.Tensor[] = [];
        const inputs = [filled('x', shape), filled('gamma', [channels]), filled('beta', [channels])];
        if (withResidual) inputs.push(filled('r', shape));
        const run = (ops: Ops, x?: tf.Tensor, gamma?: tf.Tensor, beta?: tf.Tensor, residual?: tf.Tensor) => {
          const mean = tf.variable(tf.zeros([channels]), false);
          const variance = tf.variable(tf.ones([channels]), false);
          statistics.push(mean, variance);
          const running = { mean, variance, momentum: 0.1 };
          return ops.batchNorm(x as tf.Tensor, gamma as tf.Tensor, beta as tf.Tensor, {
            eps: 1e-5,
            relu,
            residual,
            running,
            groups,
          });
        };
        // Of two rows each is the other's mirror: the true gradient is almost 0, and what is left is rounding.
        await expectSame(run, inputs, shape[0] === 2 && shape[1] === 1 ? 1e-3 : 2e-5);
        // Two passes of each engine.
        const [mean, variance, , , otherMean, otherVariance] = statistics as [
          tf.Tensor,
          tf.Tensor,
          0,
          0,
          tf.Tensor,
          tf.Tensor,
        ];
        expect(await difference(mean, otherMean)).toBeLessThan(1e-5);
        expect(await difference(variance, otherVariance)).toBeLessThan(1e-5);
      });

      it(`in evaluation, ${how}`, async () => {
        const make = () => [
          filled('x', [2, 3, 3, 6]),
          filled('gamma', [6]),
          filled('beta', [6]),
          filled('m', [6]),
          tf.abs(filled('v', [6])),
        ];
        const results = [fused, reference].map((ops) => {
          const [x, gamma, beta, mean, variance] = make() as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
          const residual = withResidual ? filled('r', [2, 3, 3, 6]) : undefined;
          return ops.normalize(x, gamma, beta, { eps: 1e-5, relu, residual, mean, variance });
        });
        expect(await difference(results[0] as tf.Tensor, results[1] as tf.Tensor)).toBeLessThan(1e-5);
      });
    }
  }

  it.each(['fused', 'reference'] as const)('in groups is batch norm of each part, by %s ops', async (engine) => {
    const ops = opsOf(engine);
    const [gamma, beta] = [filled('gamma', [6]), filled('beta', [6])];
    const x = filled('x', [6, 3, 2, 6]);
    const run = (part: tf.Tensor, groups: number) => {
      const running = { mean: tf.variable(tf.zeros([6])), variance: tf.variable(tf.ones([6])), momentum: 0.1 };
      return { y: ops.batchNorm(part, gamma, beta, { eps: 1e-5, relu: true, running, groups }), running };
    };
    const whole = run(x, 3);
    const parts = tf.split(x, 3).map((part) => run(part, 1));
    expect(await difference(whole.y, tf.concat(parts.map(({ y }) => y)))).toBeLessThan(1e-6);
    // The first part's statistics alone are kept.
    const first = parts[0]?.running;
    expect(await difference(whole.running.mean, first?.mean as tf.Tensor)).toBeLessThan(1e-6);
    expect(await difference(whole.running.variance, first?.variance as tf.Tensor)).toBeLessThan(1e-6);
    expect(await difference(whole.y, run(x, 1).y)).toBeGreaterThan(1e-2);
  });

  it('takes as many dispatches in groups as for the whole batch, forward and backward', () => {
    const dispatches = (groups: number) => {
      const before = gpu().counters.dispatches;
      tf.tidy(() => {
        const running = { mean: tf.variable(tf.zeros([4])), variance: tf.variable(tf.ones([4])), momentum: 0.1 };
        const norm = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
          fused.batchNorm(x, gamma, beta, { eps: 1e-5, relu: true, running, groups });
        const inputs = [filled('x', [8, 20, 20, 4]), filled('gamma', [4]), filled('beta', [4])];
        const shape = (inputs[0] as tf.Tensor).shape;
        tf.grads(norm as (...xs: tf.Tensor[]) => tf.Tensor)(inputs, filled('dy', shape));
      });
      return gpu().counters.dispatches - before;
    };
    expect(dispatches(1)).toBe(6);
    expect(dispatches(4)).toBe(6);
  });

  it('keeps its digits when the mean is a thousand deviations from zero', async () => {
    const x = tf.add(filled('x', [4, 6, 6, 4]), 1000);
    const run = (ops: Ops) =>
      ops.batchNorm(x, tf.ones([4]), tf.zeros([4]), {
        eps: 1e-5,
        relu: false,
        running: { mean: tf.variable(tf.zeros([4])), variance: tf.variable(tf.ones([4])), momentum: 0.1 },
      });
    expect(await difference(run(fused), run(reference))).toBeLessThan(1e-3);
  });
});

describe('pooling', () => {
  it.each([
    ['3x3 stride 2, vec4', [2, 7, 8, 4]],
    ['3x3 stride 2, odd channels', [1, 5, 5, 3]],
    ['one pixel', [1, 1, 1, 4]],
  ])('max, %s', async (_name, shape) => {
    const options = { kernel: 3, stride: 2, padding: 1 };
    await expectSame((ops, x) => ops.maxPool(x as tf.Tensor4D, options), [filled('x', shape)]);
  });

  it('gives the gradient of a tie to the first of the largest, as PyTorch', async () => {
    const x = tf.ones([1, 2, 2, 1]) as tf.Tensor4D;
    const [dx] = tf.grads((input: tf.Tensor) =>
      fused.maxPool(input as tf.Tensor4D, { kernel: 2, stride: 2, padding: 0 }),
    )([x], tf.tensor4d([3], [1, 1, 1, 1]));
    expect(Array.from(await (dx as tf.Tensor).data())).toEqual([3, 0, 0, 0]);
  });

  it.each([
    ['even sides', [2, 4, 6, 4], true],
    ['odd sides, ceil', [2, 5, 7, 4], true],
    ['odd sides, floor', [2, 5, 7, 3], false],
    ['one pixel', [1, 1, 1, 5], true],
  ])('average, %s', async (_name, shape, ceil) => {
    const run = (ops: Ops, x?: tf.Tensor) => ops.avgPool(x as tf.Tensor4D, { kernel: 2, stride: 2, ceil });
    await expectSame(run, [filled('x', shape)]);
  });

  it.each([[[2, 5, 3, 8]], [[1, 1, 1, 3]]])('global average of %j', async (shape) => {
    await expectSame((ops, x) => ops.globalAvgPool(x as tf.Tensor4D), [filled('x', shape)]);
  });
});

describe('layer norm', () => {
  it.each([[[2, 6, 8]], [[3, 5, 46]], [[1, 1, 3]], [[40, 9, 12]]])('over %j', async (shape) => {
    const channels = shape.at(-1) as number;
    const inputs = [filled('x', shape), filled('gamma', [channels]), filled('beta', [channels])];
    await expectSame(
      (ops, x, gamma, beta) => ops.layerNorm(x as tf.Tensor, gamma as tf.Tensor, beta as tf.Tensor, 1e-6),
      inputs,
    );
  });
});

describe('pointwise functions', () => {
  const x = () => tf.mul(filled('x', [3, 7]), 4);
  it.each(['gelu', 'swish', 'relu'] as const)('%s', async (name) => {
    await expectSame((ops, input) => ops[name](input as tf.Tensor), [x()]);
  });

  it('the sum of two tensors, and of a tensor with itself', async () => {
    await expectSame(
      (ops, a, b) => ops.add(ops.add(a as tf.Tensor, b as tf.Tensor), a as tf.Tensor),
      [x(), filled('y', [3, 7])],
    );
  });

  it.each(['sample', 'number'] as const)('drops the same per %s as the reference, number for number', async (per) => {
    const settings = { rate: 0.4, per, seed: 4000000000, name: 'a/b', step: 7 };
    await expectSame((ops, input) => ops.drop(input as tf.Tensor, settings), [filled('x', [9, 3, 5])], 1e-6);
  });
});

describe('attention', () => {
  it.each([
    ['one head, one key', { batch: 2, queries: 4, keys: 1, heads: 1, depth: 6 }],
    ['two heads', { batch: 2, queries: 6, keys: 4, heads: 2, depth: 5 }],
    ['as many keys as queries', { batch: 1, queries: 5, keys: 5, heads: 4, depth: 4 }],
  ])('%s', async (_name, { batch, queries, keys, heads, depth }) => {
    const channels = heads * depth;
    const inputs = [
      filled('q', [batch, queries, channels]),
      filled('k', [batch, keys, channels]),
      filled('v', [batch, keys, channels]),
      filled('bias', [heads, queries, keys]),
    ];
    const options = { heads, scale: depth ** -0.5 };
    await expectSame(
      (ops, ...xs) =>
        ops.attention(xs[0] as tf.Tensor, xs[1] as tf.Tensor, xs[2] as tf.Tensor, xs[3] as tf.Tensor, options),
      inputs,
    );
  });
});

describe('cross-entropy', () => {
  it.each([
    [1, 2],
    [5, 10],
    [3, 43],
  ])('of %i rows and %i classes, with its metrics', async (batch, classes) => {
    const targets = tf.softmax(filled('t', [batch, classes])) as tf.Tensor2D;
    const labels = tf.tensor1d(
      Array.from({ length: batch }, (_, i) => (3 * i) % classes),
      'int32',
    );
    const logits = tf.mul(filled('z', [batch, classes]), 5);
    await expectSame((ops, z) => ops.softCrossEntropy(z as tf.Tensor2D, targets, labels).loss, [logits]);
    const [sums, expected] = [fused, reference].map(
      (ops) => ops.softCrossEntropy(logits as tf.Tensor2D, targets, labels).sums,
    );
    expect(await difference(sums as tf.Tensor, expected as tf.Tensor)).toBeLessThan(1e-5);
  });
});
