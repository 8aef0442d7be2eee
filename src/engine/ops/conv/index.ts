/** Convolution with square windows and zeros outside, PyTorch's rule. */
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Init, Layout } from '../../../core/parameter';
import { type ImageShape, imageShape, lastOf, type Shape, sizeOf } from '../../../core/shape';
import { slide } from '../../../core/sliding';
import { sumRows } from '../../kernels/sum';
import { type Array64, build, pixelsOf, windowAt } from '../array64';
import { type Context, defineOp, type Tf } from '../define';
import { depthwiseConv } from '../depthwise';
import { convFilterGradient, convForward, convGeometry, convInputGradient, tunedKernels } from './passes';

export interface ConvAttributes {
  stride: number;
  /** Zeros on every side. */
  padding: number;
}

const geometryOf = (x: Shape, w: Shape, { stride, padding }: ConvAttributes) =>
  convGeometry(imageShape(x), { out: lastOf(w), kernel: w[0] as number, stride, padding });

/** [k, k, c / groups, o] over an image of c channels. */
function convShape({ x, w }: { x: Shape; w: Shape }, window: ConvAttributes): ImageShape {
  const [batch, height, width] = imageShape(x);
  const [rows, columns] = slide(height, width, { kernel: w[0] as number, ...window });
  return [batch, rows, columns, lastOf(w)];
}

/** Multiply-adds: each output number takes a window of all input channels of its group. */
const convCost = ({ x, w }: { x: Shape; w: Shape }, attributes: ConvAttributes) => ({
  macs: sizeOf(convShape({ x, w }, attributes)) * sizeOf(w.slice(0, 3)),
});

/** groups: input and output channels in as many equal parts, each part seeing its own alone. */
function conv64(
  { x, w, bias }: { x: Array64; w: Array64; bias?: Array64 | undefined },
  attributes: ConvAttributes & { groups: number },
): Array64 {
  const [kernel, , perGroup, out] = imageShape(w.shape);
  const pixel = pixelsOf(x);
  return build(convShape({ x: x.shape, w: w.shape }, attributes), (b = 0, row = 0, column = 0, o = 0) => {
    const first = Math.floor(o / (out / attributes.groups)) * perGroup;
    let sum = bias?.data[o] ?? 0;
    for (const { i, j, y, x: across } of windowAt(row, column, { kernel, ...attributes })) {
      for (let c = 0; c < perGroup; c++) {
        sum += (pixel(b, y, across, first + c) ?? 0) * (w.data[((i * kernel + j) * perGroup + c) * out + o] as number);
      }
    }
    return sum;
  });
}

/** From plain tfjs ops. */
function convReference(tf: Tf, x: Tensor4D, w: Tensor4D, { stride, padding }: ConvAttributes): Tensor4D {
  const [kernel, , channels, out] = w.shape;
  if (kernel > 1 || padding > 0) return tf.conv2d(x, w, stride, padding, 'NHWC', 1, 'floor');
  // A product over all pixels of the batch. A stride of a 1x1 convolution only skips pixels: a pool of single ones has a gradient.
  const seen = stride === 1 ? x : tf.maxPool(x, 1, stride, 0, 'floor');
  const [batch, rows, columns] = seen.shape;
  const flat = tf.reshape(seen, [-1, channels]) as Tensor2D;
  const product = tf.matMul(flat, tf.reshape(w, [channels, out]) as Tensor2D);
  return tf.reshape(product, [batch, rows, columns, out]);
}

const convCase = (
  name: string,
  x: ImageShape,
  w: ImageShape,
  { bias, ...attributes }: ConvAttributes & { bias?: boolean },
) => ({ name, inputs: bias ? { x, w, bias: [w[3]] } : { x, w }, attributes });

const withBias = (tf: Tf, y: Tensor, bias: Tensor | undefined): Tensor => (bias ? tf.add(y, bias) : y);

/** x [b, h, w, c] and w [k, k, c, o], bias [o] -> [b, oh, ow, o]. */
export const conv = defineOp<ConvAttributes>()({
  name: 'conv',
  inputs: { x: 'activation', w: 'parameter', bias: 'parameter?' },
  outputs: ['y'],
  shape: convShape,
  cost: convCost,
  kernels: {
    forward: (gpu, { x, w, bias }, attributes) => ({
      y: convForward(gpu, { x, w, bias }, geometryOf(x.shape, w.shape, attributes)),
    }),
    keeps: () => ['x', 'w'],
    // Lazy: the first convolution of a network never computes the gradient of the images.
    gradients(gpu, dy, { x, w }, attributes) {
      const geometry = geometryOf(x.shape, w.shape, attributes);
      return {
        x: () => convInputGradient(gpu, dy, w, geometry),
        w: (out) => convFilterGradient(gpu, { x, dy, out }, geometry),
        bias: () => sumRows(gpu, dy, lastOf(w.shape)),
      };
    },
  },
  tuned: tunedKernels,
  reference: (tf, { x, w, bias }, attributes) => ({
    y: withBias(tf, convReference(tf, x as Tensor4D, w as Tensor4D, attributes), bias),
  }),
  float64: (inputs, attributes) => conv64(inputs, { ...attributes, groups: 1 }),
  cases: [
    convCase('3x3 over vec4 channels', [2, 6, 5, 8], [3, 3, 8, 12], { stride: 1, padding: 1 }),
    convCase('3x3 over vec4 channels with stride 2', [2, 5, 6, 8], [3, 3, 8, 12], { stride: 2, padding: 1 }),
    convCase('3x3 of three channels with a bias', [1, 9, 8, 3], [3, 3, 3, 16], { stride: 2, padding: 1, bias: true }),
    convCase('3x3 of odd channels, with a bias', [2, 4, 5, 3], [3, 3, 3, 5], { stride: 1, padding: 1, bias: true }),
    convCase('3x3 without padding, batch of one', [1, 5, 4, 2], [3, 3, 2, 4], { stride: 1, padding: 0 }),
    convCase('7x7 with stride 2', [1, 6, 7, 3], [7, 7, 3, 4], { stride: 2, padding: 3 }),
    convCase('one pixel', [1, 1, 1, 4], [3, 3, 4, 3], { stride: 1, padding: 1, bias: true }),
    convCase('one channel in, one out', [2, 3, 4, 1], [3, 3, 1, 1], { stride: 1, padding: 1 }),
    convCase('1x1 over vec4 channels', [2, 5, 5, 16], [1, 1, 16, 24], { stride: 1, padding: 0 }),
    convCase('1x1 of many odd channels', [3, 4, 4, 46], [1, 1, 46, 165], { stride: 1, padding: 0, bias: true }),
    convCase('1x1 with stride 2', [2, 5, 4, 8], [1, 1, 8, 4], { stride: 2, padding: 0 }),
    convCase('2x2 with stride 2, that leaves a border out', [1, 5, 7, 6], [2, 2, 6, 2], { stride: 2, padding: 0 }),
    convCase('2x2 with stride 2, with a bias', [2, 6, 6, 10], [2, 2, 10, 6], { stride: 2, padding: 0, bias: true }),
    convCase('more pixels than one slice', [4, 24, 24, 4], [3, 3, 4, 4], { stride: 1, padding: 1 }),
  ],
});

/**
 * Output channels see the input channels of their own group alone. x [b, h, w, c] and w [k, k, c / groups, o], bias [o] -> [b, oh, ow, o].
 * No kernels yet: it is as right as the others, slow, and cannot be recorded. One group is `conv`, as many groups as channels
 * `depthwiseConv`.
 */
export const groupedConv = defineOp<ConvAttributes & { groups: number }>()({
  name: 'groupedConv',
  inputs: { x: 'activation', w: 'parameter', bias: 'parameter?' },
  outputs: ['y'],
  shape: convShape,
  cost: convCost,
  reference(tf, { x, w, bias }, attributes) {
    const inputs: Tensor4D[] = tf.split(x as Tensor4D, attributes.groups, 3);
    const filters = tf.split(w as Tensor4D, attributes.groups, 3);
    const parts = inputs.map((part, group) => convReference(tf, part, filters[group] as Tensor4D, attributes));
    return { y: withBias(tf, tf.concat(parts, 3), bias) };
  },
  float64: conv64,
  cases: [
    {
      name: 'two groups',
      inputs: { x: [2, 4, 5, 4], w: [3, 3, 2, 6], bias: [6] },
      attributes: { stride: 1, padding: 1, groups: 2 },
    },
    {
      name: 'three groups with stride 2',
      inputs: { x: [1, 5, 5, 6], w: [3, 3, 2, 3] },
      attributes: { stride: 2, padding: 1, groups: 3 },
    },
  ],
});

export interface ConvOptions {
  /** Output channels. */
  out: number;
  kernel: number;
  stride?: number;
  /** Zeros on every side, PyTorch's rule. Default 0. */
  padding?: number;
  /** Input and output channels in as many equal parts, each part seeing its own alone. Default 1. */
  groups?: number;
  bias?: boolean;
  /** Of the filter. Default: He et al. 2015 by fan out. */
  init?: Init;
}

/** `${name}.weight` [out, in / groups, k, k] and `${name}.bias` [out], as PyTorch's Conv2d. */
export const convLayer =
  <T>({ shape, parameter, apply }: Context<T>) =>
  (x: T, name: string, options: ConvOptions): T => {
    const { out, kernel, stride = 1, padding = 0, groups = 1, bias: withBias = false } = options;
    const channels = lastOf(shape(x));
    if (channels % groups !== 0 || out % groups !== 0)
      throw new Error(`${name}: ${channels} and ${out} channels cannot be cut into ${groups} equal groups.`);
    const depthwise = groups > 1 && groups === channels && groups === out;
    const layout: Layout = depthwise ? 'depthwise-conv' : 'conv';
    const init = options.init ?? ({ kind: 'kaiming-normal-fan-out' } as const);
    const w = parameter(`${name}.weight`, { shape: [out, channels / groups, kernel, kernel], layout, init });
    const bias = withBias
      ? parameter(`${name}.bias`, { shape: [out], layout: 'plain', init: { kind: 'zeros' } })
      : undefined;
    const window = { stride, padding };
    if (depthwise) return apply(depthwiseConv, { x, w, bias }, window);
    return groups === 1
      ? apply(conv, { x, w, bias }, window)
      : apply(groupedConv, { x, w, bias }, { ...window, groups });
  };
