/** The sum of two tensors of one shape. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Shape, sizeOf } from '../../../core/shape';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { map64 } from '../array64';
import { type Context, defineOp, vectorsOf } from '../define';
import addText from './add.wgsl?raw';

const kernel = kernelOf({
  name: 'add',
  body: addText,
  tensors: { b: 'read V', a: 'read V?', y: 'write V' },
  uniforms: { size: 'u32' },
  constants: ['VEC'],
});

/** y = a + b, or without a y = y + b. */
export function dispatchAdd(gpu: Gpu, tensors: { a?: TensorInfo; b: TensorInfo; y: TensorInfo }): void {
  const { VEC, perRow } = vectorsOf(sizeOf(tensors.y.shape));
  gpu.dispatch(kernel, { tensors, uniforms: { size: perRow }, constants: { VEC }, threads: perRow });
}

function sameShape(a: Shape, b: Shape): Shape {
  if (a.join() !== b.join()) throw new Error(`[${a.join(', ')}] and [${b.join(', ')}] cannot be added up.`);
  return a;
}

export const add = defineOp()({
  name: 'add',
  inputs: { a: 'activation', b: 'activation' },
  outputs: ['y'],
  shape: ({ a, b }) => sameShape(a, b),
  // The gradient of a sum is the gradient: nothing of it is read again.
  cost: () => ({ saved: 0 }),
  kernels: {
    forward(gpu, { a, b }) {
      const y = gpu.activation(a.shape);
      dispatchAdd(gpu, { a, b, y });
      return { y };
    },
    keeps: () => [],
    gradients: (gpu, dy) => ({ a: () => gpu.alias(dy), b: () => gpu.alias(dy) }),
  },
  reference: (tf, { a, b }) => ({ y: tf.add(a, b) }),
  float64: ({ a, b }) => map64(a, (value, i) => value + (b.data[i] as number)),
  cases: [
    { name: 'over vec4', inputs: { a: [2, 3, 3, 4], b: [2, 3, 3, 4] }, attributes: {} },
    { name: 'over an odd size', inputs: { a: [3, 7], b: [3, 7] }, attributes: {} },
  ],
});

export const addLayer =
  <T>({ apply }: Context<T>) =>
  /** Equal shapes. */
  (a: T, b: T): T =>
    apply(add, { a, b }, {});
