/** Results of a convolution as bits, to hold the variants of its kernels to each other. */
import * as tf from '@tensorflow/tfjs-core';
import { engineOf } from '../../src/engine';
import { conv as convolution } from '../../src/engine/ops/conv';
import { filled } from './gpu';

/** Output and both gradients of a convolution, as bits. */
export async function bits(input: number[], out: number, kernel: number, stride: number) {
  const [x, w] = [filled('x', input), filled('w', [kernel, kernel, input[3] as number, out])];
  const conv = (image: tf.Tensor, filter: tf.Tensor) =>
    engineOf('fused').run(convolution, { x: image, w: filter }, { stride, padding: (kernel - 1) / 2 }).y as tf.Tensor;
  const y = conv(x, w);
  const [dx, dw] = tf.grads(conv)([x, w], filled('dy', y.shape)) as [tf.Tensor, tf.Tensor];
  const result = await Promise.all([y, dx, dw].map(async (tensor) => Float32Array.from(await tensor.data())));
  tf.dispose([x, w, y, dx, dw]);
  return result;
}

/** Numbers that are not the same; toEqual takes minutes over arrays of this length. */
export const differing = (a: Float32Array[], b: Float32Array[]) =>
  a.reduce((sum, array, i) => sum + array.filter((value, j) => !Object.is(value, b[i]?.[j])).length, 0);
