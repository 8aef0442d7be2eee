/** Products, number by number, with a factor that may repeat along the positions of an image: gates, layer scale. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { lastOf, type Shape, sizeOf } from '../../../core/shape';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { sliceRows, sumSlices } from '../../kernels/sum';
import { map64 } from '../array64';
import { type Context, defineOp, vectorsOf } from '../define';
import factorGradientText from './factor-gradient.wgsl?raw';
import multiplyText from './multiply.wgsl?raw';

const productKernel = kernelOf({
  name: 'multiply',
  body: multiplyText,
  tensors: { a: 'read V', b: 'read V', y: 'write V' },
  uniforms: { size: 'u32', positions: 'u32', channels: 'u32', perBatch: 'u32' },
  constants: ['VEC'],
});

const factorGradientKernel = kernelOf({
  name: 'multiply-factor-gradient',
  body: factorGradientText,
  tensors: { dy: 'read V', a: 'read V', db: 'write V' },
  uniforms: { rows: 'u32', positions: 'u32', channels: 'u32', slices: 'u32', perSlice: 'u32' },
  constants: ['VEC'],
});

/** a as [rows, positions, channels], b as [rows, channels]. Throws in words where b does not fit. */
function factorOf(a: Shape, b: Shape) {
  const channels = lastOf(a);
  const all = sizeOf(a) / channels;
  const factors = sizeOf(b) / channels;
  const batch = a[0] as number;
  const fits =
    lastOf(b) === channels && (a.join() === b.join() || factors === 1 || (factors === batch && b[0] === batch));
  if (!fits)
    throw new Error(
      `[${b.join(', ')}] cannot scale [${a.join(', ')}]: give a number for each channel, or equal shapes.`,
    );
  return { channels, rows: factors, positions: all / factors };
}

/** y [shape of a] = a * b. */
function product(gpu: Gpu, a: TensorInfo, b: TensorInfo): TensorInfo {
  const { channels, positions, rows } = factorOf(a.shape, b.shape);
  const { VEC, perRow } = vectorsOf(channels);
  const y = gpu.activation(a.shape);
  const size = (sizeOf(a.shape) / channels) * perRow;
  gpu.dispatch(productKernel, {
    tensors: { a, b, y },
    uniforms: { size, positions, channels: perRow, perBatch: rows === 1 ? 0 : perRow },
    constants: { VEC },
    threads: size,
  });
  return y;
}

/** [shape of b], in out if that is given: dy * a, summed over the positions that shared a factor. */
function factorGradient(
  gpu: Gpu,
  dy: TensorInfo,
  { a, b }: { a: TensorInfo; b: TensorInfo },
  out?: TensorInfo,
): TensorInfo {
  const { channels, positions, rows } = factorOf(a.shape, b.shape);
  const { VEC, perRow } = vectorsOf(channels);
  const { slices, perSlice } = sliceRows(positions, rows * perRow);
  const db = out ?? gpu.activation(b.shape);
  const partial = slices === 1 ? db : gpu.empty([slices, rows, channels]);
  gpu.dispatch(factorGradientKernel, {
    tensors: { dy, a, db: partial },
    uniforms: { rows, positions, channels: perRow, slices, perSlice },
    constants: { VEC },
    threads: rows * slices * perRow,
  });
  if (slices === 1) return db;
  sumSlices(gpu, partial, b.shape, db);
  gpu.release(partial);
  return db;
}

export const multiply = defineOp()({
  name: 'multiply',
  inputs: { a: 'activation', b: 'activation' },
  outputs: ['y'],
  shape({ a, b }) {
    factorOf(a, b);
    return a;
  },
  kernels: {
    forward: (gpu, { a, b }) => ({ y: product(gpu, a, b) }),
    keeps: () => ['a', 'b'],
    gradients: (gpu, dy, { a, b }) => ({
      a: () => product(gpu, dy, b),
      b: (out) => factorGradient(gpu, dy, { a, b }, out),
    }),
  },
  reference(tf, { a, b }) {
    const { channels, rows } = factorOf(a.shape, b.shape);
    const shape = rows === a.size / channels ? a.shape : [rows, ...a.shape.slice(1, -1).fill(1), channels];
    return { y: tf.mul(a, tf.reshape(b, shape)) };
  },
  float64({ a, b }) {
    const { channels, positions } = factorOf(a.shape, b.shape);
    return map64(a, (value, i) => {
      const row = Math.floor(i / channels / positions);
      return value * (b.data[row * channels + (i % channels)] as number);
    });
  },
  cases: [
    { name: 'equal shapes', inputs: { a: [2, 3, 3, 4], b: [2, 3, 3, 4] }, attributes: {} },
    { name: 'a gate for each image and channel', inputs: { a: [2, 3, 2, 8], b: [2, 8] }, attributes: {} },
    {
      name: 'a gate of odd channels, as a map of one pixel',
      inputs: { a: [3, 2, 2, 5], b: [3, 1, 1, 5] },
      attributes: {},
    },
    { name: 'a scale for each channel', inputs: { a: [2, 3, 3, 6], b: [6] }, attributes: {} },
    { name: 'more positions than one slice', inputs: { a: [2, 16, 12, 4], b: [4] }, attributes: {} },
    { name: 'vectors', inputs: { a: [3, 7], b: [7] }, attributes: {} },
  ],
});

export const multiplyLayer =
  <T>({ apply }: Context<T>) =>
  /** a [batch, ..., c] times b: of the same shape, [batch, c] or [batch, 1, 1, c] (a gate for each image), or [c]. */
  (a: T, b: T): T =>
    apply(multiply, { a, b }, {});
