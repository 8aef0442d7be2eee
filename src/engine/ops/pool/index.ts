/** Max, average and global average pooling. */
import type { Tensor, Tensor4D, TensorInfo } from '@tensorflow/tfjs-core';
import { type ImageShape, imageShape, type Shape, sizeOf } from '../../../core/shape';
import { type SlidingWindow, slide } from '../../../core/sliding';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { build, moments64, pixelsOf, windowAt } from '../array64';
import { type Context, defineOp, vectorsOf } from '../define';
import averageText from './average.wgsl?raw';
import averageGradientText from './average-gradient.wgsl?raw';
import maxText from './max.wgsl?raw';
import maxGradientText from './max-gradient.wgsl?raw';

/** Numbers of the larger image, sides of both, and channels as the shaders count them. */
const dims = {
  size: 'u32',
  inHeight: 'u32',
  inWidth: 'u32',
  outHeight: 'u32',
  outWidth: 'u32',
  channels: 'u32',
} as const;
const averageDims = { ...dims, kernelHeight: 'u32', kernelWidth: 'u32' } as const;
const window = ['VEC', 'KERNEL', 'STRIDE', 'PADDING'] as const;

const maxKernel = kernelOf({
  name: 'max-pool',
  body: maxText,
  tensors: { x: 'read V', y: 'write V' },
  uniforms: dims,
  constants: window,
});

const maxGradientKernel = kernelOf({
  name: 'max-pool-gradient',
  body: maxGradientText,
  tensors: { dy: 'read V', x: 'read V', y: 'read V', dx: 'write V' },
  uniforms: dims,
  constants: window,
});

const averageKernel = kernelOf({
  name: 'average-pool',
  body: averageText,
  tensors: { x: 'read V', y: 'write V' },
  uniforms: averageDims,
  constants: ['VEC', 'STRIDE'],
});

const averageGradientKernel = kernelOf({
  name: 'average-pool-gradient',
  body: averageGradientText,
  tensors: { dy: 'read V', dx: 'write V' },
  uniforms: averageDims,
  constants: ['VEC', 'STRIDE'],
});

function pooled(x: Shape, sliding: SlidingWindow): ImageShape {
  const [batch, height, width, channels] = imageShape(x);
  return [batch, ...slide(height, width, sliding), channels];
}

/** of: the image that has a thread for each number. */
function sizesOf(input: ImageShape, output: ImageShape, of: ImageShape) {
  const { VEC, perRow } = vectorsOf(input[3]);
  const size = sizeOf(of.slice(0, 3)) * perRow;
  const sides = { inHeight: input[1], inWidth: input[2], outHeight: output[1], outWidth: output[2] };
  return { VEC, uniforms: { size, ...sides, channels: perRow }, threads: size };
}

interface MaxAttributes {
  kernel: number;
  stride: number;
  padding: number;
}

function dispatchMax(
  gpu: Gpu,
  x: TensorInfo,
  y: TensorInfo,
  { kernel, stride, padding }: MaxAttributes,
  dy?: TensorInfo,
) {
  const [input, output] = [imageShape(x.shape), imageShape(y.shape)];
  const { VEC, uniforms, threads } = sizesOf(input, output, dy ? input : output);
  const call = { uniforms, threads, constants: { VEC, KERNEL: kernel, STRIDE: stride, PADDING: padding } };
  if (!dy) {
    gpu.dispatch(maxKernel, { tensors: { x, y }, ...call });
    return y;
  }
  const dx = gpu.activation(input);
  gpu.dispatch(maxGradientKernel, { tensors: { dy, x, y, dx }, ...call });
  return dx;
}

/** What lies outside the image doesn't take part. */
export const maxPool = defineOp<MaxAttributes>()({
  name: 'maxPool',
  inputs: { x: 'activation' },
  outputs: ['y'],
  shape: ({ x }, attributes) => pooled(x, attributes),
  kernels: {
    forward: (gpu, { x }, attributes) => ({
      y: dispatchMax(gpu, x, gpu.activation(pooled(x.shape, attributes)), attributes),
    }),
    keeps: () => ['x', 'y'],
    // A tie goes to the first of the largest, as in PyTorch.
    gradients: (gpu, dy, { x, y }, attributes) => ({ x: () => dispatchMax(gpu, x, y, attributes, dy) }),
  },
  reference: (tf, { x }, { kernel, stride, padding }) => ({
    y: tf.maxPool(x as Tensor4D, kernel, stride, padding, 'floor'),
  }),
  float64({ x }, attributes) {
    const pixel = pixelsOf(x);
    return build(pooled(x.shape, attributes), (b = 0, row = 0, column = 0, c = 0) => {
      const seen = Array.from(windowAt(row, column, attributes), (at) => pixel(b, at.y, at.x, c) ?? -Infinity);
      return Math.max(...seen);
    });
  },
  fillings: { x: 'distinct' },
  cases: [
    {
      name: '3x3 stride 2, vec4 channels',
      inputs: { x: [2, 7, 8, 4] },
      attributes: { kernel: 3, stride: 2, padding: 1 },
    },
    {
      name: '3x3 stride 2, odd channels',
      inputs: { x: [1, 5, 5, 3] },
      attributes: { kernel: 3, stride: 2, padding: 1 },
    },
    {
      name: '2x2 stride 2, one channel',
      inputs: { x: [2, 4, 5, 1] },
      attributes: { kernel: 2, stride: 2, padding: 0 },
    },
    { name: 'one pixel', inputs: { x: [1, 1, 1, 4] }, attributes: { kernel: 3, stride: 2, padding: 1 } },
  ],
});

/** Means over windows of those sizes; backward: x is the gradient of the means. */
function average(
  gpu: Gpu,
  x: TensorInfo,
  sides: {
    input: ImageShape;
    output: ImageShape;
    kernel: readonly [number, number];
    stride: number;
    backward: boolean;
  },
): TensorInfo {
  const { input, output, kernel, stride, backward } = sides;
  const to = backward ? input : output;
  const { VEC, uniforms, threads } = sizesOf(input, output, to);
  const y = gpu.activation(to);
  const call = {
    uniforms: { ...uniforms, kernelHeight: kernel[0], kernelWidth: kernel[1] },
    constants: { VEC, STRIDE: stride },
    threads,
  };
  if (backward) gpu.dispatch(averageGradientKernel, { tensors: { dy: x, dx: y }, ...call });
  else gpu.dispatch(averageKernel, { tensors: { x, y }, ...call });
  return y;
}

interface AverageAttributes {
  kernel: number;
  stride: number;
  /** PyTorch's ceil_mode with count_include_pad=False: a partial window divides by what it holds. */
  ceil: boolean;
}

const averaged = (x: Shape, attributes: AverageAttributes) => pooled(x, { ...attributes, padding: 0 });

/** Windows of a ceil-mode pool along one side: what each holds, and the length they cover together. */
function ceilWindows(side: number, count: number, { kernel, stride }: AverageAttributes) {
  const held = Array.from({ length: count }, (_, i) => Math.min(kernel, side - i * stride));
  return { held, covered: (count - 1) * stride + kernel };
}

export const avgPool = defineOp<AverageAttributes>()({
  name: 'avgPool',
  inputs: { x: 'activation' },
  outputs: ['y'],
  shape: ({ x }, attributes) => averaged(x, attributes),
  kernels: {
    forward(gpu, { x }, attributes) {
      const { kernel, stride } = attributes;
      const input = imageShape(x.shape);
      const output = averaged(input, attributes);
      return { y: average(gpu, x, { input, output, kernel: [kernel, kernel], stride, backward: false }) };
    },
    keeps: () => [],
    gradients: (gpu, dy, _kept, { kernel, stride }, { x }) => ({
      x: () =>
        average(gpu, dy, {
          input: imageShape(x),
          output: imageShape(dy.shape),
          kernel: [kernel, kernel],
          stride,
          backward: true,
        }),
    }),
  },
  reference(tf, { x: input }, attributes) {
    const x = input as Tensor4D;
    const { kernel, stride, ceil } = attributes;
    if (!ceil) return { y: tf.avgPool(x, kernel, stride, 0, 'floor') };
    const [, height, width] = x.shape;
    const [, outRows, outColumns] = averaged(x.shape, attributes);
    const rows = ceilWindows(height, outRows, attributes);
    const columns = ceilWindows(width, outColumns, attributes);
    const below = rows.covered - height;
    const right = columns.covered - width;
    if (below === 0 && right === 0) return { y: tf.avgPool(x, kernel, stride, 0) };
    const padded = tf.pad(x, [
      [0, 0],
      [0, Math.max(below, 0)],
      [0, Math.max(right, 0)],
      [0, 0],
    ]);
    // Full windows over zeros, then each divided by the pixels it really holds.
    const share = rows.held.flatMap((r) => columns.held.map((c) => (kernel * kernel) / (r * c)));
    const scale = tf.tensor4d(share, [1, rows.held.length, columns.held.length, 1]);
    return { y: tf.mul(tf.avgPool(padded, kernel, stride, 0, 'floor'), scale) };
  },
  float64({ x }, attributes) {
    const { kernel, stride } = attributes;
    const pixel = pixelsOf(x);
    return build(averaged(x.shape, attributes), (b = 0, row = 0, column = 0, c = 0) => {
      const held = Array.from(windowAt(row, column, { kernel, stride, padding: 0 }), (at) => pixel(b, at.y, at.x, c));
      const values = held.filter((value) => value !== undefined);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    });
  },
  cases: [
    { name: 'even sides', inputs: { x: [2, 4, 2, 4] }, attributes: { kernel: 2, stride: 2, ceil: true } },
    { name: 'odd sides, ceil', inputs: { x: [2, 3, 5, 4] }, attributes: { kernel: 2, stride: 2, ceil: true } },
    { name: 'odd sides, floor', inputs: { x: [1, 5, 3, 3] }, attributes: { kernel: 2, stride: 2, ceil: false } },
    {
      name: 'overlapping windows, ceil',
      inputs: { x: [1, 6, 4, 2] },
      attributes: { kernel: 3, stride: 2, ceil: true },
    },
    { name: 'one pixel', inputs: { x: [1, 1, 1, 5] }, attributes: { kernel: 2, stride: 2, ceil: true } },
  ],
});

/** [b, h, w, c] -> [b, c]. */
export const globalAvgPool = defineOp()({
  name: 'globalAvgPool',
  inputs: { x: 'activation' },
  outputs: ['y'],
  shape({ x }) {
    const [batch, , , channels] = imageShape(x);
    return [batch, channels];
  },
  kernels: {
    forward: (gpu, { x }) => {
      const [batch, , , channels] = imageShape(x.shape);
      return { y: { ...average(gpu, x, whole(x.shape, false)), shape: [batch, channels] } };
    },
    keeps: () => [],
    gradients: (gpu, dy, _kept, _attributes, { x }) => ({ x: () => average(gpu, dy, whole(x, true)) }),
  },
  reference(tf, { x }) {
    const [batch, height, width, channels] = imageShape(x.shape);
    const run = tf.customGrad((input) => ({
      value: tf.mean(input as Tensor, [1, 2]),
      gradFunc: (dy: Tensor) =>
        tf.tile(tf.reshape(tf.div(dy, height * width), [batch, 1, 1, channels]), [1, height, width, 1]),
    }));
    return { y: run(x) };
  },
  float64({ x }) {
    const [batch, height, width, channels] = imageShape(x.shape);
    const count = height * width;
    return build(
      [batch, channels],
      (b = 0, c = 0) => moments64(x.data, { start: b * count * channels + c, stride: channels, count }).mean,
    );
  },
  cases: [
    { name: 'vec4 channels', inputs: { x: [2, 5, 3, 8] }, attributes: {} },
    { name: 'one pixel', inputs: { x: [1, 1, 1, 3] }, attributes: {} },
    { name: 'one channel', inputs: { x: [1, 2, 5, 1] }, attributes: {} },
  ],
});

/** One window over all of an image. */
function whole(shape: Shape, backward: boolean) {
  const input = imageShape(shape);
  const [batch, height, width, channels] = input;
  const output: ImageShape = [batch, 1, 1, channels];
  return { input, output, kernel: [height, width] as const, stride: Math.max(height, width), backward };
}

export const maxPoolLayer =
  <T>({ apply }: Context<T>) =>
  (x: T, options: MaxAttributes): T =>
    apply(maxPool, { x }, options);

export const avgPoolLayer =
  <T>({ apply }: Context<T>) =>
  (x: T, options: AverageAttributes): T =>
    apply(avgPool, { x }, options);

export const globalAvgPoolLayer =
  <T>({ apply }: Context<T>) =>
  (x: T): T =>
    apply(globalAvgPool, { x }, {});
