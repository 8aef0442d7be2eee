/** Dropout (Srivastava et al. 2014) and stochastic depth (Huang et al. 2016, arXiv 1603.09382): numbers or whole samples become 0. */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { hashName, rng } from '../../../core/rng';
import { type Shape, sizeOf } from '../../../core/shape';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { map64 } from '../array64';
import { type Context, defineOp } from '../define';
import dropText from './drop.wgsl?raw';

const kernel = kernelOf({
  name: 'drop',
  body: dropText,
  tensors: { x: 'read f32', microBatch: 'read i32', y: 'write f32' },
  uniforms: { size: 'u32', perDraw: 'u32', seed: 'u32', name: 'u32', rate: 'f32' },
});

export interface DropAttributes {
  /** Share that becomes 0; the rest is divided by 1 - rate. */
  rate: number;
  /** One draw per sample of the batch (stochastic depth), or per number (dropout). */
  per: 'sample' | 'number';
  /** The random stream (seed, name, microBatch) of core/rng.ts. */
  seed: number;
  name: string;
}

/** How many numbers a draw decides on. */
const perDraw = (shape: Shape, per: DropAttributes['per']) => (per === 'sample' ? sizeOf(shape.slice(1)) : 1);

/** What each draw multiplies its numbers with. */
function factors(shape: Shape, { rate, per, seed, name }: DropAttributes, microBatch: number): Float32Array {
  const random = rng(seed, name, microBatch);
  const draws = sizeOf(shape) / perDraw(shape, per);
  return Float32Array.from({ length: draws }, () => (random.uniform() < rate ? 0 : 1 / (1 - rate)));
}

function masked(
  gpu: Gpu,
  x: TensorInfo,
  microBatch: TensorInfo,
  { per, seed, name, rate }: DropAttributes,
): TensorInfo {
  const y = gpu.activation(x.shape);
  const size = sizeOf(x.shape);
  gpu.dispatch(kernel, {
    tensors: { x, microBatch, y },
    uniforms: { size, perDraw: perDraw(x.shape, per), seed: seed >>> 0, name: hashName(name), rate },
    constants: {},
    threads: size,
  });
  return y;
}

export const drop = defineOp<DropAttributes>()({
  name: 'drop',
  inputs: { x: 'activation', microBatch: 'constant' },
  outputs: ['y'],
  shape: ({ x }) => x,
  kernels: {
    forward: (gpu, { x, microBatch }, attributes) => ({ y: masked(gpu, x, microBatch, attributes) }),
    keeps: () => ['microBatch'],
    // The mask is drawn again: cheaper than keeping it.
    gradients: (gpu, dy, { microBatch }, attributes) => ({ x: () => masked(gpu, dy, microBatch, attributes) }),
  },
  reference(tf, { x, microBatch }, attributes) {
    // Made from a number for this very pass: no wait for a GPU.
    const [number = 0] = microBatch.dataSync();
    const shape = attributes.per === 'sample' ? [x.shape[0] as number, ...x.shape.slice(1).fill(1)] : x.shape;
    const mask: Tensor = tf.tensor(factors(x.shape, attributes, number), shape);
    return { y: tf.mul(x, mask) };
  },
  float64({ x, microBatch }, attributes) {
    const keep = factors(x.shape, attributes, microBatch.data[0] as number);
    const each = perDraw(x.shape, attributes.per);
    // In fp64: the factor is not the one that f32 rounds.
    return map64(x, (value, i) => (keep[Math.floor(i / each)] === 0 ? 0 : value / (1 - attributes.rate)));
  },
  fillings: { microBatch: 'counter' },
  cases: [
    {
      name: 'one draw per sample',
      inputs: { x: [9, 3, 5], microBatch: [1] },
      attributes: { rate: 0.4, per: 'sample', seed: 4000000000, name: 'a/b' },
    },
    {
      name: 'one draw per number',
      inputs: { x: [3, 2, 3], microBatch: [1] },
      attributes: { rate: 0.4, per: 'number', seed: 11, name: 'mask' },
    },
  ],
});

const dropping =
  (per: DropAttributes['per'], stream: string) =>
  <T>({ apply, training, seed, microBatch }: Context<T>) =>
  (x: T, name: string, rate: number): T =>
    training && rate > 0
      ? apply(drop, { x, microBatch: microBatch() }, { rate, per, seed, name: `${stream}/${name}` })
      : x;

/** Stochastic depth per sample, kept samples divided by the keep probability; identity in evaluation. */
export const dropPathLayer = dropping('sample', 'drop-path');
export const dropoutLayer = dropping('number', 'dropout');
