/** The tensor layer's ops from plain tfjs ops: right on every backend, slow on WebGPU. */
import * as tf from '@tensorflow/tfjs-core';
import { rng } from '../../core/rng';
import type { Distillation, Ops } from '../ops';
import { batchNorm, gelu, globalAvgPool, layerNorm, normalize, swish } from './functions';
import { batchMetrics, distillationLoss, softCrossEntropy } from './loss';

const last = (shape: readonly number[]) => shape.at(-1) as number;

/** [..., c] as [rows, c]. */
const flatten = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [-1, last(x.shape)]);

const withBias = <T extends tf.Tensor>(y: T, bias: tf.Tensor | undefined): T => (bias ? tf.add(y, bias) : y);

/** Every stride-th pixel, the ones a 1x1 convolution with that stride sees; made of ops that have a gradient. */
const skipPixels = (x: tf.Tensor4D, stride: number): tf.Tensor4D => tf.maxPool(x, 1, stride, 0, 'floor');

/** Windows of a ceil-mode pool along one side: what each holds, and the length they cover together. */
function windows(side: number, kernel: number, stride: number): { held: number[]; covered: number } {
  let count = Math.ceil((side - kernel) / stride) + 1;
  // PyTorch drops a last window that would start outside.
  if ((count - 1) * stride >= side) count--;
  const held = Array.from({ length: count }, (_, i) => Math.min(kernel, side - i * stride));
  return { held, covered: (count - 1) * stride + kernel };
}

function avgPool(x: tf.Tensor4D, { kernel, stride, ceil }: { kernel: number; stride: number; ceil: boolean }) {
  const [, height, width] = x.shape;
  if (!ceil) return tf.avgPool(x, kernel, stride, 0, 'floor');
  const rows = windows(height, kernel, stride);
  const columns = windows(width, kernel, stride);
  const below = rows.covered - height;
  const right = columns.covered - width;
  if (below === 0 && right === 0) return tf.avgPool(x, kernel, stride, 0);
  const padded = tf.pad(x, [
    [0, 0],
    [0, Math.max(below, 0)],
    [0, Math.max(right, 0)],
    [0, 0],
  ]);
  // Full windows over zeros, then each divided by the pixels it really holds.
  const share = rows.held.flatMap((r) => columns.held.map((c) => (kernel * kernel) / (r * c)));
  const scale = tf.tensor4d(share, [1, rows.held.length, columns.held.length, 1]);
  return tf.mul(tf.avgPool(padded, kernel, stride, 0, 'floor'), scale) as tf.Tensor4D;
}

function distilled(
  task: tf.Scalar,
  logits: tf.Tensor2D,
  { teacherLogits, temperature, taskWeight, distillWeight }: Distillation,
): tf.Scalar {
  const divergence = distillationLoss(logits, teacherLogits, temperature);
  return tf.add(tf.mul(task, taskWeight), tf.mul(divergence, distillWeight));
}

export const referenceOps: Ops = {
  conv(x, filter, bias, { stride, padding }) {
    const [kernel, , channels, out] = filter.shape;
    if (kernel > 1 || padding > 0) return withBias(tf.conv2d(x, filter, stride, padding, 'NHWC', 1, 'floor'), bias);
    // A product over all pixels of the batch; a stride of a 1x1 convolution only skips pixels.
    const seen = stride === 1 ? x : skipPixels(x, stride);
    const [batch, rows, columns] = seen.shape;
    const product = tf.matMul(flatten(seen), tf.reshape(filter, [channels, out]));
    return withBias(tf.reshape(product, [batch, rows, columns, out]), bias);
  },

  depthwiseConv: (x, filter, bias, { stride, padding }) =>
    withBias(tf.depthwiseConv2d(x, filter, stride, padding, 'NHWC', 1, 'floor'), bias),

  linear: (x, weight, bias) => withBias(tf.matMul(x, weight), bias),
  batchNorm,
  normalize,
  layerNorm,
  relu: (x) => tf.relu(x),
  gelu,
  swish,
  add: (a, b) => tf.add(a, b),
  maxPool: (x, { kernel, stride, padding }) => tf.maxPool(x, kernel, stride, padding, 'floor'),
  avgPool,
  globalAvgPool,

  attention(q, k, v, bias, { heads, scale }) {
    const [batch, queries, channels] = q.shape as [number, number, number];
    const split = (x: tf.Tensor) =>
      tf.transpose(tf.reshape(x, [batch, x.shape[1] as number, heads, channels / heads]), [0, 2, 1, 3]);
    const scores = tf.add(tf.mul(tf.matMul(split(q), split(k), false, true), scale), bias);
    const mixed = tf.matMul(tf.softmax(scores, -1), split(v)); // [batch, heads, queries, channels / heads]
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, queries, channels]);
  },

  drop(x, { rate, per, seed, name, step }) {
    if (typeof step !== 'number') throw new Error('The reference engine takes the step as a number.');
    const random = rng(seed, name, step);
    const shape = per === 'sample' ? [x.shape[0] as number, ...x.shape.slice(1).fill(1)] : x.shape;
    const draws = tf.util.sizeFromShape(shape);
    const keep = Float32Array.from({ length: draws }, () => (random.uniform() < rate ? 0 : 1 / (1 - rate)));
    return tf.mul(x, tf.tensor(keep, shape));
  },

  softCrossEntropy(logits, targets, labels, distillation) {
    const task = softCrossEntropy(logits, targets);
    const loss = distillation ? distilled(task, logits, distillation) : task;
    return { loss, sums: batchMetrics(loss, logits, labels) };
  },
};
