/** The tensor layer on tfjs: core/layers.ts with PyTorch's arithmetic, NHWC, float32. */
import * as tf from '@tensorflow/tfjs-core';
import type { Init, Layers } from '../core/layers';
import { rng } from '../core/rng';
import { batchNorm, gelu, globalAvgPool, layerNorm, normalizeWith, swish } from './functions';
import type { Parameters } from './parameters';

export interface LayersContext {
  /** Batch statistics, dropout and drop path when true; running statistics when false. */
  training: boolean;
  /** Seed of the run. */
  seed: number;
  /** Forward pass within the run: another value, other dropout masks. */
  step: number;
}

const last = (shape: readonly number[]) => shape.at(-1) as number;

/** [..., c] as [rows, c]. */
const flatten = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [-1, last(x.shape)]);

/**
 * Layers over tfjs tensors for one forward pass. Call within tf.tidy or a gradient; running statistics are updated as the pass
 * goes, in training only, and survive the tidy. Run the model once (in evaluation, one zero image) to make its parameters
 * before asking for gradients: variableGrads must know the variables.
 */
export function createLayers(parameters: Parameters, { training, seed, step }: LayersContext): Layers<tf.Tensor> {
  const bias = (name: string, channels: number, init: Init = { kind: 'zeros' }) =>
    parameters.get(`${name}.bias`, { shape: [channels], layout: 'plain', init });

  const affine = (name: string, channels: number, gamma: 0 | 1) => ({
    gamma: parameters.get(`${name}.weight`, {
      shape: [channels],
      layout: 'plain',
      init: { kind: gamma === 0 ? 'zeros' : 'ones' },
    }),
    beta: bias(name, channels),
  });

  return {
    shape: (x) => x.shape,

    conv(x, name, { out, kernel, stride = 1, padding = 0, depthwise = false, bias: withBias = false }) {
      const channels = last(x.shape);
      if (depthwise && out !== channels)
        throw new Error(`${name}: a depthwise convolution keeps its ${channels} channels.`);
      const weight = parameters.get(`${name}.weight`, {
        shape: [out, depthwise ? 1 : channels, kernel, kernel],
        layout: depthwise ? 'depthwise-conv' : 'conv',
        init: { kind: 'kaiming-normal-fan-out' },
      });
      const image = x as tf.Tensor4D;
      const filter = weight as tf.Tensor4D;
      let y: tf.Tensor;
      if (depthwise) {
        y = tf.depthwiseConv2d(image, filter, stride, padding, 'NHWC', 1, 'floor');
      } else if (kernel === 1 && padding === 0) {
        // A product over all pixels of the batch; a stride of a 1x1 convolution only skips pixels.
        const [batch, height, width] = image.shape;
        const seen = stride === 1 ? image : skipPixels(image, stride);
        const [, rows = height, columns = width] = seen.shape;
        y = tf.reshape(tf.matMul(flatten(seen), tf.reshape(filter, [channels, out])), [batch, rows, columns, out]);
      } else {
        y = tf.conv2d(image, filter, stride, padding, 'NHWC', 1, 'floor');
      }
      return withBias ? tf.add(y, bias(name, out)) : y;
    },

    batchNorm(x, name, { gamma: start = 1, relu = false, eps = 1e-5, momentum = 0.1 } = {}, residual) {
      const channels = last(x.shape);
      const { gamma, beta } = affine(name, channels, start);
      const mean = parameters.buffer(`${name}.running_mean`, [channels], 0);
      const variance = parameters.buffer(`${name}.running_var`, [channels], 1);
      if (training) return batchNorm(x, gamma, beta, { eps, relu, residual, running: { mean, variance, momentum } });
      const y = normalizeWith(x, mean, variance, gamma, beta, eps);
      const sum = residual ? tf.add(y, residual) : y;
      return relu ? tf.relu(sum) : sum;
    },

    layerNorm(x, name, { eps }) {
      const { gamma, beta } = affine(name, last(x.shape), 1);
      return layerNorm(x, gamma, beta, eps);
    },

    linear(x, name, { out, bias: withBias = true, init }) {
      const channels = last(x.shape);
      // PyTorch's nn.Linear: weight and bias U(+-1/sqrt(fan_in)). Other weight inits come with a zero bias.
      const start: Init = init ?? { kind: 'uniform', bound: 1 / Math.sqrt(channels) };
      const weight = parameters.get(`${name}.weight`, { shape: [out, channels], layout: 'linear', init: start });
      const product = tf.matMul(flatten(x), weight as tf.Tensor2D);
      const y = withBias
        ? tf.add(product, bias(name, out, start.kind === 'uniform' ? start : { kind: 'zeros' }))
        : product;
      return tf.reshape(y, [...x.shape.slice(0, -1), out]);
    },

    relu: (x) => tf.relu(x),
    gelu,
    swish,
    add: (a, b) => tf.add(a, b),

    maxPool: (x, { kernel, stride, padding }) => tf.maxPool(x as tf.Tensor4D, kernel, stride, padding, 'floor'),

    avgPool(x, { kernel, stride, ceil }) {
      const [, height, width] = x.shape as [number, number, number, number];
      if (!ceil) return tf.avgPool(x as tf.Tensor4D, kernel, stride, 0, 'floor');
      const rows = windows(height, kernel, stride);
      const columns = windows(width, kernel, stride);
      const below = rows.covered - height;
      const right = columns.covered - width;
      if (below === 0 && right === 0) return tf.avgPool(x as tf.Tensor4D, kernel, stride, 0);
      const padded = tf.pad(x, [
        [0, 0],
        [0, Math.max(below, 0)],
        [0, Math.max(right, 0)],
        [0, 0],
      ]);
      // Full windows over zeros, then each divided by the pixels it really holds.
      const share = rows.held.flatMap((r) => columns.held.map((c) => (kernel * kernel) / (r * c)));
      const scale = tf.tensor4d(share, [1, rows.held.length, columns.held.length, 1]);
      return tf.mul(tf.avgPool(padded as tf.Tensor4D, kernel, stride, 0, 'floor'), scale);
    },

    globalAvgPool: (x) => globalAvgPool(x as tf.Tensor4D),
    reshape: (x, shape) => tf.reshape(x, shape),

    attention(q, k, v, { heads, scale, biasName }) {
      const [batch, queries, channels] = q.shape as [number, number, number];
      const keys = k.shape[1] as number;
      const position = parameters.get(biasName, {
        shape: [heads, queries, keys],
        layout: 'plain',
        init: { kind: 'normal', std: 1 },
      });
      const split = (x: tf.Tensor) =>
        tf.transpose(tf.reshape(x, [batch, x.shape[1] as number, heads, last(x.shape) / heads]), [0, 2, 1, 3]);
      const scores = tf.add(tf.mul(tf.matMul(split(q), split(k), false, true), scale), position);
      const mixed = tf.matMul(tf.softmax(scores, -1), split(v)); // [batch, heads, queries, channels / heads]
      return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, queries, channels]);
    },

    dropPath(x, name, rate) {
      if (!training || rate === 0) return x;
      const batch = x.shape[0] as number;
      const random = rng(seed, `drop-path/${name}`, step);
      const keep = Float32Array.from({ length: batch }, () => (random.uniform() < rate ? 0 : 1 / (1 - rate)));
      return tf.mul(x, tf.tensor(keep, [batch, ...x.shape.slice(1).fill(1)]));
    },

    dropout(x, name, rate) {
      if (!training || rate === 0) return x;
      const random = rng(seed, `dropout/${name}`, step);
      const keep = Float32Array.from({ length: x.size }, () => (random.uniform() < rate ? 0 : 1 / (1 - rate)));
      return tf.mul(x, tf.tensor(keep, x.shape));
    },
  };
}

/** Every stride-th pixel, the ones a 1x1 convolution with that stride sees; made of ops that have a gradient. */
function skipPixels(x: tf.Tensor4D, stride: number): tf.Tensor4D {
  return tf.maxPool(x, 1, stride, 0, 'floor');
}

/** Windows of a ceil-mode pool along one side: what each holds, and the length they cover together. */
function windows(side: number, kernel: number, stride: number): { held: number[]; covered: number } {
  let count = Math.ceil((side - kernel) / stride) + 1;
  // PyTorch drops a last window that would start outside.
  if ((count - 1) * stride >= side) count--;
  const held = Array.from({ length: count }, (_, i) => Math.min(kernel, side - i * stride));
  return { held, covered: (count - 1) * stride + kernel };
}
