/** Layers one by one: the arithmetic that no network of models.test.ts reaches, and the tfjs traps that they avoid. */

import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBackend } from '../../src/engine/backend';
import { engineOf } from '../../src/engine/engines';
import { createLayers } from '../../src/engine/layers';
import { createParameters, type Parameters } from '../../src/engine/parameters';
import type { Engine } from '../../src/engine/trainer';
import { values } from '../fixtures/models/reference';

const gpuErrors: string[] = [];
const listen = {
  onError: (message: string) => gpuErrors.push(message),
  onLost: (message: string) => gpuErrors.push(message),
};

let parameters: Parameters;
beforeAll(async () => {
  await openBackend(listen);
});
beforeEach(() => {
  parameters = createParameters(7);
});
afterEach(() => {
  parameters.dispose();
  expect(gpuErrors.splice(0)).toEqual([]);
});

const layers = (training: boolean, microBatch = 0, normGroups = 1) =>
  createLayers(parameters, { engine: engineOf('fused'), training, normGroups, seed: 7, microBatch });

const filled = (name: string, shape: number[]) =>
  tf.tensor(Float32Array.from(values(name, tf.util.sizeFromShape(shape))), shape);

const numbers = async (tensor: tf.Tensor) => Array.from(await tensor.data());

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  const scale = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
  const worst = Array.from(expected).reduce(
    (most, value, i) => Math.max(most, Math.abs((actual[i] as number) - value)),
    0,
  );
  expect(actual.length).toBe(expected.length);
  expect(worst / scale).toBeLessThan(tolerance);
}

/** a [n, k] times b [k, m] in float64. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, [n, k, m]: [number, number, number]): Float64Array {
  const result = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < k; j++) {
      for (let l = 0; l < m; l++) {
        result[i * m + l] = (result[i * m + l] as number) + (a[i * k + j] as number) * (b[j * m + l] as number);
      }
    }
  }
  return result;
}

const transposed = (a: ArrayLike<number>, rows: number, columns: number) =>
  Float64Array.from({ length: rows * columns }, (_, i) => a[(i % rows) * columns + Math.floor(i / rows)] as number);

describe('matrix products', () => {
  it('has the right input gradient of a linear layer with 2048 outputs, where stock tfjs is silently wrong', async () => {
    const [rows, width, out] = [32, 8, 2048];
    const x = filled('x', [rows, width]);
    const dy = filled('dy', [rows, out]);
    layers(true).linear(x, 'fc', { out });
    const [dx] = tf.grads((input: tf.Tensor) => layers(true).linear(input, 'fc', { out }))([x], dy);
    const weight = (await parameters.dump()).get('fc.weight')?.data as Float32Array;
    expectClose(await numbers(dx as tf.Tensor), product(await numbers(dy), weight, [rows, out, width]), 1e-5);
  });

  it('sums the filter gradient of many pixels right, and to the same bits each time', async () => {
    const [side, width, out] = [48, 8, 12];
    const rows = 2 * side * side;
    const x = filled('x', [2, side, side, width]);
    const dy = filled('dy', [2, side, side, out]);
    layers(true).conv(x, 'conv', { out, kernel: 1 });
    const weight = parameters.trainable()[0]?.variable as tf.Variable;
    const gradient = async () => {
      const loss = () => tf.sum(tf.mul(layers(true).conv(x, 'conv', { out, kernel: 1 }), dy)) as tf.Scalar;
      return numbers(tf.variableGrads(loss, [weight]).grads[weight.name] as tf.Tensor);
    };
    const first = await gradient();
    const expected = product(transposed(await numbers(x), rows, width), await numbers(dy), [width, rows, out]);
    expectClose(first, expected, 1e-5);
    expect(await gradient()).toEqual(first);
  });
});

describe('pooling', () => {
  it('averages what a partial window holds, and spreads the gradient by the same counts', async () => {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
    const pool = (input: tf.Tensor) => layers(true).avgPool(input, { kernel: 2, stride: 2, ceil: true });
    expect(await numbers(pool(x))).toEqual([3, 4.5, 7.5, 9]);
    const [dx] = tf.grads(pool)([x], tf.tensor4d([4, 2, 2, 1], [1, 2, 2, 1]));
    expect(await numbers(dx as tf.Tensor)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('drops a last partial window without ceil, and keeps a single pixel with it', async () => {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
    expect(await numbers(layers(true).avgPool(x, { kernel: 2, stride: 2, ceil: false }))).toEqual([3]);
    const pixel = layers(true).avgPool(tf.tensor4d([5], [1, 1, 1, 1]), { kernel: 2, stride: 2, ceil: true });
    expect(await numbers(pixel)).toEqual([5]);
  });

  it('takes the largest of padded windows, even if all are negative', async () => {
    const x = tf.tensor4d([-1, -2, -3, -4], [1, 2, 2, 1]);
    expect(await numbers(layers(true).maxPool(x, { kernel: 3, stride: 2, padding: 1 }))).toEqual([-1]);
  });
});

describe('batch norm', () => {
  it('moves running statistics by a tenth, with the unbiased variance, in training only', async () => {
    const x = tf.tensor2d([1, 2, 3, 6], [4, 1]);
    tf.tidy(() => {
      layers(true).batchNorm(x, 'bn');
    });
    const state = await parameters.dump();
    expect(state.get('bn.running_mean')?.data[0]).toBeCloseTo(0.3, 6);
    // Deviations -2, -1, 0, 3: 14 / 3 unbiased.
    expect(state.get('bn.running_var')?.data[0]).toBeCloseTo(0.9 + 0.1 * (14 / 3), 6);
    const y = tf.tidy(() => layers(false).batchNorm(x, 'bn'));
    expect(await numbers(y)).toEqual(
      (await numbers(x)).map((value) => expect.closeTo((value - 0.3) / Math.sqrt(0.9 + 1.4 / 3 + 1e-5), 5)),
    );
    expect(await parameters.dump()).toEqual(state);
  });

  it('refuses a single value per channel, in the batch or in a replica, with a reason', () => {
    const norm = (shape: number[], replicas: number) => () =>
      tf.tidy(() => layers(true, 0, replicas).batchNorm(tf.ones(shape), 'bn'));
    expect(norm([1, 1, 1, 3], 1)).toThrow('more than one value per channel: use a larger batch or larger images.');
    expect(norm([4, 1, 1, 3], 4)).toThrow('per channel in each replica: use fewer replicas, a larger batch');
    expect(norm([4, 1, 2, 3], 4)).not.toThrow();
  });

  it('refuses a batch that replicas cannot share equally, in training only', () => {
    const norm = (training: boolean) => () =>
      tf.tidy(() => layers(training, 0, 4).batchNorm(tf.ones([6, 2, 2, 3]), 'bn'));
    expect(norm(true)).toThrow('A batch of 6 cannot be cut into 4 equal replicas: choose a multiple of 4.');
    expect(norm(false)).not.toThrow();
  });
});

describe('randomness', () => {
  it('drops the same samples for the same seed, name and micro-batch, others for others, none in evaluation', async () => {
    const x = tf.ones([64, 3]);
    const drop = async (name: string, microBatch: number) => numbers(layers(true, microBatch).dropPath(x, name, 0.5));
    const first = await drop('a', 0);
    expect(await drop('a', 0)).toEqual(first);
    expect(await drop('a', 1)).not.toEqual(first);
    expect(await drop('b', 0)).not.toEqual(first);
    expect(new Set(first)).toEqual(new Set([0, 2]));
    for (let row = 0; row < 64; row++) expect(new Set(first.slice(3 * row, 3 * row + 3)).size).toBe(1);
    expect(await numbers(layers(false).dropPath(x, 'a', 0.5))).toEqual(await numbers(x));
  });

  it('drops single values at the asked rate and keeps the mean', async () => {
    const y = await numbers(layers(true).dropout(tf.ones([100, 100]), 'drop', 0.2));
    const kept = y.filter((value) => value > 0);
    expect(kept.every((value) => Math.abs(value - 1.25) < 1e-6)).toBe(true);
    // 4 standard deviations of a share of 10,000.
    expect(Math.abs(kept.length / y.length - 0.8)).toBeLessThan(0.016);
  });
});

describe('parameters', () => {
  const make = (store: Parameters) =>
    tf.tidy(() => {
      const nn = createLayers(store, { engine: engineOf('fused'), training: true, seed: 7, microBatch: 0 });
      const x = nn.conv(tf.zeros([1, 4, 4, 6]), 'conv', { out: 8, kernel: 3, padding: 1 });
      const y = nn.batchNorm(nn.conv(x, 'dw', { out: 8, kernel: 3, padding: 1, groups: 8, bias: true }), 'bn');
      nn.linear(nn.globalAvgPool(y), 'fc', { out: 5 });
    });

  it('are named, shaped and counted as in PyTorch', async () => {
    make(parameters);
    expect([...(await parameters.dump())].map(([name, { shape }]) => `${name} ${shape}`)).toEqual([
      'conv.weight 8,6,3,3',
      'dw.weight 8,1,3,3',
      'dw.bias 8',
      'bn.weight 8',
      'bn.bias 8',
      'bn.running_mean 8',
      'bn.running_var 8',
      'fc.weight 5,8',
      'fc.bias 5',
    ]);
    expect(parameters.count()).toBe(432 + 72 + 8 + 8 + 8 + 40 + 5);
    expect(
      parameters
        .trainable()
        .filter(({ dimensions }) => dimensions <= 1)
        .map(({ name }) => name),
    ).toEqual(['dw.bias', 'bn.weight', 'bn.bias', 'fc.bias']);
  });

  it('start from the seed and the name alone, with the spread of their init', async () => {
    make(parameters);
    const other = createParameters(7);
    tf.tidy(() => {
      createLayers(other, { engine: engineOf('fused'), training: true, seed: 7, microBatch: 0 }).linear(
        tf.zeros([1, 8]),
        'fc',
        {
          out: 5,
        },
      );
    });
    const state = await parameters.dump();
    expect((await other.dump()).get('fc.weight')).toEqual(state.get('fc.weight'));
    other.dispose();
    const conv = state.get('conv.weight')?.data as Float32Array;
    const std = Math.sqrt(conv.reduce((sum, value) => sum + value * value, 0) / conv.length);
    // Kaiming, fan out 8 * 9; a standard deviation of 432 values is known to 3.4 %, taken four times.
    expect(Math.abs(std / Math.sqrt(2 / 72) - 1)).toBeLessThan(0.14);
    const fc = state.get('fc.weight')?.data as Float32Array;
    expect(Math.max(...fc.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(8));
    expect(new Set(fc).size).toBe(40);
  });

  it('come back as they went out', async () => {
    make(parameters);
    const state = await parameters.dump();
    const other = createParameters(8);
    make(other);
    expect(await other.dump()).not.toEqual(state);
    other.load(state);
    expect(await other.dump()).toEqual(state);
    other.dispose();
  });

  it('name everything that does not fit, and change nothing then', async () => {
    make(parameters);
    const state = await parameters.dump();
    const broken = new Map(state);
    broken.delete('bn.bias');
    broken.set('head.weight', { shape: [1], data: Float32Array.of(1) });
    broken.set('fc.bias', { shape: [6], data: new Float32Array(6) });
    broken.set('bn.num_batches_tracked', { shape: [], data: Float32Array.of(3) });
    expect(() => parameters.load(broken)).toThrow(
      'the model has no head.weight; missing are bn.bias; wrong shape: fc.bias ([6] instead of [5])',
    );
    expect(await parameters.dump()).toEqual(state);
    parameters.load(new Map([['fc.bias', { shape: [5], data: new Float32Array(5) }]]), { missing: 'keep' });
    expect((await parameters.dump()).get('fc.bias')?.data).toEqual(new Float32Array(5));
  });
});

describe('backend', () => {
  it('reports GPU errors that nothing else carries', async () => {
    const { device } = tf.backend() as WebGPUBackend;
    device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
    await device.queue.onSubmittedWorkDone();
    await expect.poll(() => gpuErrors.length).toBe(1);
    expect(gpuErrors.splice(0)[0]).toMatch(/^GPU error: /);
  });

  it('computes the same on the CPU when asked to, and says so', async () => {
    const run = async (engine: Engine) => {
      const store = createParameters(3);
      const nn = createLayers(store, { engine, training: true, seed: 3, microBatch: 0 });
      const x = nn.conv(filled('x', [2, 5, 5, 3]), 'conv', { out: 4, kernel: 3, stride: 2, padding: 1 });
      const q = nn.reshape(nn.gelu(nn.batchNorm(x, 'bn')), [2, 9, 4]);
      const y = nn.attention(nn.layerNorm(q, 'ln', { eps: 1e-6 }), q, nn.swish(q), {
        heads: 2,
        scale: 0.7,
        biasName: 'p',
      });
      const result = await numbers(y);
      store.dispose();
      return result;
    };
    const gpu = await run(engineOf('fused'));
    const adapter = await openBackend(listen, 'cpu');
    expect(adapter).toMatchObject({ backend: 'cpu', software: true });
    expect(adapter.fallbackReason).toContain('webgpu');
    expectClose(gpu, await run(engineOf('reference')), 1e-5);
    expect((await openBackend(listen)).backend).toBe('webgpu');
  });
});
