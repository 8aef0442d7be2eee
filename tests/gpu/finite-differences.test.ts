/**
 * Every fused kernel against a forward pass in fp64, and its gradients against central differences of that pass: an oracle that
 * shares no formula with the kernels or their references. Odd shapes: one pixel, one channel, a batch of one, channels that are
 * not multiples of 4, strides and padding.
 *
 * Tolerance: 1e-5 of the largest expected magnitude. f32 keeps 6e-8; sums, and the near-equal terms that the norms subtract, lose
 * a digit (measured: 2e-7 forward, 7e-7 for gradients). The differences, with a step of 1e-5 in fp64, are good to about 1e-9.
 * Inputs stay away from the kinks of relu and max, where no derivative exists.
 */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { rng } from '../../src/core/rng';
import { openBackend, opsOf } from '../../src/engine';
import { values } from '../fixtures/models/reference';
import type { Array64 } from '../support/float64-ops';
import * as float64 from '../support/float64-ops';

const TOLERANCE = 1e-5;
const STEP = 1e-5;
/** Derivatives taken per input; smaller inputs are checked whole. */
const SAMPLES = 40;

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

/** Numbers in [-1, 1) that f32 holds exactly. */
const filled = (name: string, shape: number[]): Array64 => ({
  shape,
  data: values(name, tf.util.sizeFromShape(shape)),
});

const scaled = (x: Array64, factor: number): Array64 => ({
  shape: x.shape,
  data: x.data.map((value) => value * factor),
});

/** All numbers differ by at least 1 / 256, so that a step doesn't change which of them is the largest. */
const distinct = (name: string, shape: number[]): Array64 => {
  const order = rng(1, name).permutation(tf.util.sizeFromShape(shape));
  return { shape, data: Float64Array.from(order, (rank) => rank / 256 - 0.5) };
};

const onGpu = ({ shape, data }: Array64): tf.Tensor => tf.tensor(Float32Array.from(data), [...shape]);

const largestOf = (numbers: readonly number[]) => numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

const largestDifference = (actual: ArrayLike<number>, expected: readonly number[]) =>
  expected.reduce((worst, value, i) => Math.max(worst, Math.abs((actual[i] as number) - value)), 0);

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

interface Pair {
  kernel(...xs: tf.Tensor[]): tf.Tensor;
  inFloat64(...xs: Array64[]): Array64;
}

/** Where to differentiate an input: everywhere, or at a fixed sample of its numbers. */
function sampleOf(size: number): number[] {
  const all = Array.from({ length: size }, (_, i) => i);
  return size <= SAMPLES ? all : [...rng(2, 'sample', size).permutation(size).slice(0, SAMPLES)];
}

/** Derivatives of sum(dy * y) by the picked numbers of one input. */
function centralDifferences(run: Pair['inFloat64'], inputs: Array64[], { which, picked, dy }: Derivatives): number[] {
  const moved = (i: number, by: number) => {
    const at = inputs.map((input) => ({ shape: input.shape, data: input.data.slice() }));
    (at[which] as Array64).data[i] = ((inputs[which] as Array64).data[i] as number) + by;
    return dot(run(...at).data, dy);
  };
  return picked.map((i) => (moved(i, STEP) - moved(i, -STEP)) / (2 * STEP));
}

interface Derivatives {
  which: number;
  picked: number[];
  dy: Float64Array;
}

async function expectDerivatives({ kernel, inFloat64 }: Pair, inputs: Array64[]) {
  const expected = inFloat64(...inputs);
  const dy = filled('dy', [...expected.shape]);
  const [y, ...gradients] = tf.tidy(() => {
    const xs = inputs.map(onGpu);
    return [kernel(...xs), ...tf.grads(kernel)(xs, onGpu(dy))];
  }) as [tf.Tensor, ...tf.Tensor[]];

  expect(y.shape).toEqual(expected.shape);
  const outputs = [...expected.data];
  const errors: Record<string, number> = {};
  errors.output = largestDifference(await y.data(), outputs) / largestOf(outputs);
  expect(errors.output).toBeLessThan(TOLERANCE);

  for (const [which, gradient] of gradients.entries()) {
    expect(gradient.shape).toEqual(inputs[which]?.shape);
    const picked = sampleOf(gradient.size);
    const derivatives = centralDifferences(inFloat64, inputs, { which, picked, dy: dy.data });
    const all = await gradient.data();
    const actual = picked.map((i) => all[i] as number);
    errors[`gradient ${which}`] = largestDifference(actual, derivatives) / largestOf(derivatives);
  }
  const wrong = Object.entries(errors).filter(([, error]) => !(error < TOLERANCE));
  expect(Object.fromEntries(wrong)).toEqual({});
  for (const tensor of [y, ...gradients]) tensor.dispose();
}

describe('convolution', () => {
  const cases: [
    string,
    { input: number[]; out: number; kernel: number; stride: number; padding: number; bias?: boolean },
  ][] = [
    ['3x3 of odd channels, with a bias', { input: [2, 4, 5, 3], out: 5, kernel: 3, stride: 1, padding: 1, bias: true }],
    ['3x3 over vec4 channels with stride 2', { input: [2, 5, 6, 8], out: 12, kernel: 3, stride: 2, padding: 1 }],
    ['3x3 without padding, batch of one', { input: [1, 5, 4, 2], out: 4, kernel: 3, stride: 1, padding: 0 }],
    ['7x7 with stride 2', { input: [1, 6, 7, 3], out: 4, kernel: 7, stride: 2, padding: 3 }],
    ['one pixel', { input: [1, 1, 1, 4], out: 3, kernel: 3, stride: 1, padding: 1, bias: true }],
    ['one channel in, one out', { input: [2, 3, 4, 1], out: 1, kernel: 3, stride: 1, padding: 1 }],
    ['1x1 of odd channels', { input: [2, 3, 3, 5], out: 7, kernel: 1, stride: 1, padding: 0, bias: true }],
    ['1x1 with stride 2', { input: [2, 5, 4, 8], out: 4, kernel: 1, stride: 2, padding: 0 }],
    ['2x2 with stride 2, that leaves a border out', { input: [1, 5, 7, 6], out: 2, kernel: 2, stride: 2, padding: 0 }],
  ];
  it.each(cases)('%s', async (_name, { input, out, kernel, stride, padding, bias }) => {
    const inputs = [filled('x', input), filled('w', [kernel, kernel, input[3] as number, out])];
    if (bias) inputs.push(filled('b', [out]));
    const pair: Pair = {
      kernel: (x, w, b) => fused.conv(x as tf.Tensor4D, w as tf.Tensor4D, b, { stride, padding }),
      inFloat64: (x, w, b) => float64.conv(x as Array64, w as Array64, b, { stride, padding }),
    };
    await expectDerivatives(pair, inputs);
  });
});

describe('depthwise convolution', () => {
  const cases: [string, { input: number[]; kernel: number; stride: number; padding: number; bias?: boolean }][] = [
    ['3x3 over vec4 channels, with a bias', { input: [2, 4, 3, 8], kernel: 3, stride: 1, padding: 1, bias: true }],
    ['3x3 of odd channels with stride 2', { input: [1, 5, 4, 5], kernel: 3, stride: 2, padding: 1 }],
    ['4x4 with stride 4', { input: [2, 8, 4, 3], kernel: 4, stride: 4, padding: 0, bias: true }],
    ['one pixel of one channel', { input: [1, 1, 1, 1], kernel: 3, stride: 1, padding: 1, bias: true }],
  ];
  it.each(cases)('%s', async (_name, { input, kernel, stride, padding, bias }) => {
    const channels = input[3] as number;
    const inputs = [filled('x', input), filled('w', [kernel, kernel, channels, 1])];
    if (bias) inputs.push(filled('b', [channels]));
    const pair: Pair = {
      kernel: (x, w, b) => fused.depthwiseConv(x as tf.Tensor4D, w as tf.Tensor4D, b, { stride, padding }),
      inFloat64: (x, w, b) => float64.depthwiseConv(x as Array64, w as Array64, b, { stride, padding }),
    };
    await expectDerivatives(pair, inputs);
  });
});

describe('linear layer', () => {
  it.each([
    ['vec4 channels', { rows: 5, channels: 8, out: 12, bias: true }],
    ['odd ones', { rows: 3, channels: 7, out: 5, bias: true }],
    ['one row, one output, no bias', { rows: 1, channels: 6, out: 1, bias: false }],
  ])('%s', async (_name, { rows, channels, out, bias }) => {
    const inputs = [filled('x', [rows, channels]), filled('w', [channels, out])];
    if (bias) inputs.push(filled('b', [out]));
    const pair: Pair = {
      kernel: (x, w, b) => fused.linear(x as tf.Tensor2D, w as tf.Tensor2D, b),
      inFloat64: (x, w, b) => float64.linear(x as Array64, w as Array64, b),
    };
    await expectDerivatives(pair, inputs);
  });
});

describe('batch norm', () => {
  const eps = 1e-5;
  /** Name, shape and number of groups. */
  const shapes: [string, number[], number][] = [
    ['vec4 channels', [2, 3, 3, 8], 1],
    ['odd channels', [2, 2, 3, 5], 1],
    ['one channel, batch of one', [1, 4, 3, 1], 1],
    ['one pixel', [4, 1, 1, 3], 1],
    ['vec4 channels in two groups', [4, 2, 3, 4], 2],
    ['odd channels in three groups', [3, 3, 2, 5], 3],
    ['one channel in two groups of one image', [2, 4, 3, 1], 2],
  ];
  for (const relu of [false, true]) {
    for (const withResidual of [false, true]) {
      const how = `${relu ? 'with' : 'without'} ReLU, ${withResidual ? 'with' : 'without'} residual`;
      const plain = (groups: number) => (x: Array64, gamma: Array64, beta: Array64, residual?: Array64) => {
        const y = float64.batchNorm(x, gamma, beta, { eps, groups });
        return residual ? float64.add(y, residual) : y;
      };

      it.each(shapes)(`in training, ${how}: %s`, async (_name, shape, groups) => {
        const channels = shape.at(-1) as number;
        const inputs = [filled('x', shape), filled('gamma', [channels]), filled('beta', [channels])];
        if (withResidual) inputs.push(filled('r', shape));
        const inFloat64 = plain(groups) as Pair['inFloat64'];
        // A step moves the output by less than 1e-3.
        if (relu) expect(Math.min(...inFloat64(...inputs).data.map(Math.abs))).toBeGreaterThan(1e-3);
        const pair: Pair = {
          kernel: (x, gamma, beta, residual) => {
            const mean = tf.variable(tf.zeros([channels]), false);
            const variance = tf.variable(tf.ones([channels]), false);
            const settings = { eps, relu, residual, groups, running: { mean, variance, momentum: 0.1 } };
            return fused.batchNorm(x as tf.Tensor, gamma as tf.Tensor, beta as tf.Tensor, settings);
          },
          inFloat64: relu ? (...xs) => float64.relu(inFloat64(...xs)) : inFloat64,
        };
        await expectDerivatives(pair, inputs);
      });
    }
  }

  it('in evaluation, with ReLU and residual', async () => {
    const shape = [2, 3, 2, 6];
    const [x, residual] = [filled('x', shape), filled('r', shape)];
    const [gamma, beta, mean] = ['gamma', 'beta', 'm'].map((name) => filled(name, [6])) as [Array64, Array64, Array64];
    const variance = { shape: [6], data: filled('v', [6]).data.map((value) => value + 1.5) };
    const expected = float64.relu(float64.add(float64.normalize(x, { gamma, beta, mean, variance, eps }), residual));
    const given = { eps, relu: true, residual: onGpu(residual), mean: onGpu(mean), variance: onGpu(variance) };
    const y = fused.normalize(onGpu(x), onGpu(gamma), onGpu(beta), given);
    const outputs = [...expected.data];
    expect(largestDifference(await y.data(), outputs) / largestOf(outputs)).toBeLessThan(TOLERANCE);
  });
});

describe('layer norm', () => {
  it.each([[[2, 3, 8]], [[3, 1, 5]], [[1, 1, 3]]])('over %j', async (shape) => {
    const eps = 1e-6;
    const channels = shape.at(-1) as number;
    const pair: Pair = {
      kernel: (x, gamma, beta) => fused.layerNorm(x as tf.Tensor, gamma as tf.Tensor, beta as tf.Tensor, eps),
      inFloat64: (x, gamma, beta) => float64.layerNorm(x as Array64, gamma as Array64, beta as Array64, eps),
    };
    await expectDerivatives(pair, [filled('x', shape), filled('gamma', [channels]), filled('beta', [channels])]);
  });
});

describe('pointwise functions', () => {
  it.each([
    ['gelu', fused.gelu, float64.gelu],
    ['swish', fused.swish, float64.swish],
    ['relu', fused.relu, float64.relu],
  ] as const)('%s, over vec4 and odd sizes', async (_name, kernel, inFloat64) => {
    for (const shape of [[2, 16], [3, 7], [5]]) {
      const x = scaled(filled('x', shape), 4);
      // relu's kink is at 0.
      expect(Math.min(...x.data.map(Math.abs))).toBeGreaterThan(1e-3);
      await expectDerivatives({ kernel, inFloat64 } as Pair, [x]);
    }
  });

  it('the sum of two tensors, and of a tensor with itself', async () => {
    const pair: Pair = {
      kernel: (a, b) => fused.add(fused.add(a as tf.Tensor, b as tf.Tensor), a as tf.Tensor),
      inFloat64: (a, b) => float64.add(float64.add(a as Array64, b as Array64), a as Array64),
    };
    await expectDerivatives(pair, [filled('x', [3, 7]), filled('y', [3, 7])]);
  });

  it.each([
    ['sample', [5, 3, 2], 5],
    ['number', [3, 2, 3], 18],
  ] as const)('drop, one draw per %s', async (per, shape, draws) => {
    const rate = 0.4;
    const stream = rng(11, 'mask', 7);
    const keep = Float64Array.from({ length: draws }, () => (stream.uniform() < rate ? 0 : 1 / (1 - rate)));
    const pair: Pair = {
      kernel: (x) => fused.drop(x as tf.Tensor, { rate, per, seed: 11, name: 'mask', step: 7 }),
      inFloat64: (x) => float64.drop(x as Array64, keep),
    };
    await expectDerivatives(pair, [filled('x', [...shape])]);
  });
});

describe('pooling', () => {
  it.each([
    ['3x3 stride 2, vec4 channels', [2, 4, 5, 4], { kernel: 3, stride: 2, padding: 1 }],
    ['3x3 stride 2, odd channels', [1, 5, 5, 3], { kernel: 3, stride: 2, padding: 1 }],
    ['2x2 stride 2, one channel', [2, 4, 5, 1], { kernel: 2, stride: 2, padding: 0 }],
    ['one pixel', [1, 1, 1, 4], { kernel: 3, stride: 2, padding: 1 }],
  ])('max, %s', async (_name, shape, options) => {
    const pair: Pair = {
      kernel: (x) => fused.maxPool(x as tf.Tensor4D, options),
      inFloat64: (x) => float64.maxPool(x as Array64, options),
    };
    await expectDerivatives(pair, [distinct('x', shape)]);
  });

  it.each([
    ['even sides', [2, 4, 2, 4], { kernel: 2, stride: 2, ceil: true }],
    ['odd sides, ceil', [2, 3, 5, 4], { kernel: 2, stride: 2, ceil: true }],
    ['odd sides, floor', [1, 5, 3, 3], { kernel: 2, stride: 2, ceil: false }],
    ['overlapping windows, ceil', [1, 6, 4, 2], { kernel: 3, stride: 2, ceil: true }],
    ['one pixel', [1, 1, 1, 5], { kernel: 2, stride: 2, ceil: true }],
  ])('average, %s', async (_name, shape, options) => {
    const pair: Pair = {
      kernel: (x) => fused.avgPool(x as tf.Tensor4D, options),
      inFloat64: (x) => float64.avgPool(x as Array64, options),
    };
    await expectDerivatives(pair, [filled('x', shape)]);
  });

  it.each([[[2, 3, 2, 8]], [[1, 1, 1, 3]], [[1, 2, 5, 1]]])('global average of %j', async (shape) => {
    const pair: Pair = {
      kernel: (x) => fused.globalAvgPool(x as tf.Tensor4D),
      inFloat64: (x) => float64.globalAvgPool(x as Array64),
    };
    await expectDerivatives(pair, [filled('x', shape)]);
  });
});

describe('attention', () => {
  it.each([
    ['two heads, fewer keys than queries', { batch: 2, queries: 4, keys: 3, heads: 2, depth: 3 }],
    ['one head over vec4 channels', { batch: 1, queries: 3, keys: 3, heads: 1, depth: 4 }],
    ['one query', { batch: 1, queries: 1, keys: 4, heads: 3, depth: 1 }],
  ])('%s', async (_name, { batch, queries, keys, heads, depth }) => {
    const channels = heads * depth;
    const options = { heads, scale: depth ** -0.5 };
    const inputs = [
      filled('q', [batch, queries, channels]),
      filled('k', [batch, keys, channels]),
      filled('v', [batch, keys, channels]),
      filled('bias', [heads, queries, keys]),
    ];
    const pair: Pair = {
      kernel: (...xs) => fused.attention(...(xs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]), options),
      inFloat64: (...xs) => float64.attention(xs as [Array64, Array64, Array64, Array64], options),
    };
    await expectDerivatives(pair, inputs);
  });
});

describe('cross-entropy with soft targets', () => {
  it.each([
    [1, 2],
    [5, 8],
    [3, 11],
  ])('of %i rows and %i classes', async (batch, classes) => {
    // Rows that sum to 1 within f32: class 0 gets what the others leave.
    const targets = filled('t', [batch, classes]);
    targets.data.forEach((value, i) => {
      targets.data[i] = (1 + value) / (2 * classes);
    });
    for (let row = 0; row < batch; row++) {
      const others = targets.data.subarray(row * classes + 1, (row + 1) * classes);
      targets.data[row * classes] = 1 - others.reduce((sum, value) => sum + value, 0);
    }
    const labels = tf.tensor1d(new Int32Array(batch), 'int32');
    const pair: Pair = {
      kernel: (z) => fused.softCrossEntropy(z as tf.Tensor2D, onGpu(targets) as tf.Tensor2D, labels).loss,
      inFloat64: (z) => float64.softCrossEntropy(z as Array64, targets),
    };
    await expectDerivatives(pair, [scaled(filled('z', [batch, classes]), 4)]);
  });
});
