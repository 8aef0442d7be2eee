/** Two tensors side by side along the last axis. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { lastOf, type Shape, sizeOf } from '../../../core/shape';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { build } from '../array64';
import { type Context, defineOp } from '../define';
import concatText from './concat.wgsl?raw';

const kernel = kernelOf({
  name: 'concat',
  body: concatText,
  tensors: { x: 'read V', y: 'write V' },
  uniforms: { size: 'u32', part: 'u32', whole: 'u32', first: 'u32' },
  constants: ['VEC', 'BACK'],
});

/** Moves between a part [..., p] and the columns of a whole [..., w] that begin at `first`. */
function move(gpu: Gpu, x: TensorInfo, y: TensorInfo, first: number): void {
  const back = sizeOf(y.shape) < sizeOf(x.shape);
  const [part, whole] = back ? [y, x] : [x, y];
  const VEC = Number([lastOf(part.shape), lastOf(whole.shape), first].every((columns) => columns % 4 === 0));
  const vectors = (columns: number) => (VEC ? columns / 4 : columns);
  const size = vectors(sizeOf(part.shape));
  gpu.dispatch(kernel, {
    tensors: { x, y },
    uniforms: {
      size,
      part: vectors(lastOf(part.shape)),
      whole: vectors(lastOf(whole.shape)),
      first: vectors(first),
    },
    constants: { VEC, BACK: Number(back) },
    threads: size,
  });
}

function joined(a: Shape, b: Shape): Shape {
  if (a.slice(0, -1).join() !== b.slice(0, -1).join())
    throw new Error(`[${a.join(', ')}] and [${b.join(', ')}] cannot stand side by side.`);
  return [...a.slice(0, -1), lastOf(a) + lastOf(b)];
}

export const concat = defineOp()({
  name: 'concat',
  inputs: { a: 'activation', b: 'activation' },
  outputs: ['y'],
  shape: ({ a, b }) => joined(a, b),
  kernels: {
    forward(gpu, { a, b }) {
      const y = gpu.activation(joined(a.shape, b.shape));
      move(gpu, a, y, 0);
      move(gpu, b, y, lastOf(a.shape));
      return { y };
    },
    keeps: () => [],
    gradients(gpu, dy, _kept, _attributes, { a, b }) {
      const part = (shape: Shape, first: number) => {
        const gradient = gpu.activation(shape);
        move(gpu, dy, gradient, first);
        return gradient;
      };
      return { a: () => part(a, 0), b: () => part(b, lastOf(a)) };
    },
  },
  reference: (tf, { a, b }) => ({ y: tf.concat([a, b], -1) }),
  float64({ a, b }) {
    const [left, right] = [lastOf(a.shape), lastOf(b.shape)];
    const rows = a.data.length / left;
    const flat = build([rows, left + right], (row = 0, c = 0) =>
      c < left ? (a.data[row * left + c] as number) : (b.data[row * right + c - left] as number),
    );
    return { ...flat, shape: joined(a.shape, b.shape) };
  },
  cases: [
    { name: 'vec4 channels', inputs: { a: [2, 3, 2, 4], b: [2, 3, 2, 8] }, attributes: {} },
    { name: 'odd channels', inputs: { a: [2, 2, 2, 3], b: [2, 2, 2, 5] }, attributes: {} },
    { name: 'vectors, of one number and of four', inputs: { a: [5, 1], b: [5, 4] }, attributes: {} },
  ],
});

export const concatLayer =
  <T>({ apply }: Context<T>) =>
  /** Along the last axis; all others are equal. */
  ([first, ...others]: readonly [T, ...T[]]): T =>
    others.reduce((whole, part) => apply(concat, { a: whole, b: part }, {}), first);
