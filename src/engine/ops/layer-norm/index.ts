/** Layer norm over the last axis. Ba et al. 2016 (arXiv 1607.06450). */
import type { Tensor, Tensor2D, TensorInfo } from '@tensorflow/tfjs-core';
import { lastOf, sizeOf } from '../../../core/shape';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { sliceRows, sumSlices } from '../../kernels/sum';
import { map64, moments64 } from '../array64';
import { type Context, defineOp, together, vectorsOf } from '../define';
import affineGradientText from './affine-gradient.wgsl?raw';
import forwardText from './forward.wgsl?raw';
import inputGradientText from './input-gradient.wgsl?raw';

const forwardKernel = kernelOf({
  name: 'layer-norm-forward',
  body: forwardText,
  tensors: { x: 'read V', gamma: 'read V', beta: 'read V', y: 'write V', stats: 'write f32' },
  uniforms: { rows: 'u32', columns: 'u32', perValue: 'f32', eps: 'f32' },
  constants: ['VEC'],
});

const inputGradientKernel = kernelOf({
  name: 'layer-norm-input-gradient',
  body: inputGradientText,
  tensors: { dy: 'read V', x: 'read V', gamma: 'read V', stats: 'read f32', dx: 'write V' },
  uniforms: { rows: 'u32', columns: 'u32', perValue: 'f32' },
  constants: ['VEC'],
});

const affineGradientKernel = kernelOf({
  name: 'layer-norm-affine-gradient',
  body: affineGradientText,
  tensors: { dy: 'read V', x: 'read V', stats: 'read f32', partial: 'write V' },
  uniforms: { rows: 'u32', columns: 'u32', slices: 'u32', perSlice: 'u32' },
  constants: ['VEC'],
});

function rowsOf(x: TensorInfo) {
  const channels = lastOf(x.shape);
  const { VEC, perRow } = vectorsOf(channels);
  return { channels, rows: sizeOf(x.shape) / channels, VEC, columns: perRow };
}

function inputGradient(gpu: Gpu, tensors: { dy: TensorInfo; x: TensorInfo; gamma: TensorInfo; stats: TensorInfo }) {
  const { channels, rows, VEC, columns } = rowsOf(tensors.x);
  const dx = gpu.activation(tensors.x.shape);
  gpu.dispatch(inputGradientKernel, {
    tensors: { ...tensors, dx },
    uniforms: { rows, columns, perValue: 1 / channels },
    constants: { VEC },
    threads: rows,
  });
  return dx;
}

function affineGradients(gpu: Gpu, dy: TensorInfo, x: TensorInfo, stats: TensorInfo) {
  const { channels, rows, VEC, columns } = rowsOf(x);
  const { slices, perSlice } = sliceRows(rows, columns);
  const partial = gpu.empty([slices, 2, channels]);
  gpu.dispatch(affineGradientKernel, {
    tensors: { dy, x, stats, partial },
    uniforms: { rows, columns, slices, perSlice },
    constants: { VEC },
    threads: slices * columns,
  });
  const sums = sumSlices(gpu, partial, [2, channels]);
  gpu.release(partial);
  const gamma = gpu.empty([channels]);
  const beta = gpu.empty([channels]);
  gpu.copy(sums, gamma, { size: 4 * channels });
  gpu.copy(sums, beta, { fromOffset: 4 * channels, size: 4 * channels });
  gpu.release(sums);
  return { gamma, beta };
}

const over = (name: string, x: readonly number[]) => {
  const channels = [lastOf(x)];
  return { name, inputs: { x, gamma: channels, beta: channels }, attributes: { eps: 1e-6 } };
};

export const layerNorm = defineOp<{ eps: number }>()({
  name: 'layerNorm',
  inputs: { x: 'activation', gamma: 'parameter', beta: 'parameter' },
  outputs: ['y', 'stats'],
  shape: ({ x }) => x,
  kernels: {
    forward(gpu, { x, gamma, beta }, { eps }) {
      const { channels, rows, VEC, columns } = rowsOf(x);
      const y = gpu.activation(x.shape);
      const stats = gpu.empty([rows, 2]);
      gpu.dispatch(forwardKernel, {
        tensors: { x, gamma, beta, y, stats },
        uniforms: { rows, columns, perValue: 1 / channels, eps },
        constants: { VEC },
        threads: rows,
      });
      return { y, stats };
    },
    keeps: () => ['x', 'gamma', 'stats'],
    gradients(gpu, dy, { x, gamma, stats }) {
      const affine = together(() => affineGradients(gpu, dy, x, stats));
      return {
        x: () => inputGradient(gpu, { dy, x, gamma, stats }),
        gamma: () => affine('gamma'),
        beta: () => affine('beta'),
      };
    },
  },
  reference(tf, { x, gamma, beta }, { eps }) {
    const flatten = (tensor: Tensor) => tf.reshape(tensor, [-1, lastOf(x.shape)]) as Tensor2D;
    const run = tf.customGrad((...args) => {
      const [input, weight, shift, save] = args as unknown as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void];
      const flat = flatten(input);
      const centered = tf.sub(flat, tf.mean(flat, 1, true));
      const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centered), 1, true), eps)); // [rows, 1]
      const normal = tf.mul(centered, inverse);
      save([normal, inverse, weight]);
      const gradFunc = (dyShaped: Tensor, saved: Tensor[]) => {
        const [xhat, invStd, scale] = saved as [Tensor, Tensor, Tensor];
        const dy = flatten(dyShaped);
        const dNormal = tf.mul(dy, scale);
        const fromMeans = tf.add(tf.mul(xhat, tf.mean(tf.mul(dNormal, xhat), 1, true)), tf.mean(dNormal, 1, true));
        const dx = tf.mul(tf.sub(dNormal, fromMeans), invStd);
        return [tf.reshape(dx, x.shape), tf.sum(tf.mul(dy, xhat), 0), tf.sum(dy, 0)];
      };
      return { value: tf.reshape(tf.add(tf.mul(normal, weight), shift), x.shape), gradFunc };
    });
    return { y: run(x, gamma, beta) };
  },
  float64({ x, gamma, beta }, { eps }) {
    const count = lastOf(x.shape);
    return map64(x, (value, i) => {
      const c = i % count;
      const { mean, variance } = moments64(x.data, { start: i - c, stride: 1, count });
      return ((value - mean) / Math.sqrt(variance + eps)) * (gamma.data[c] as number) + (beta.data[c] as number);
    });
  },
  cases: [
    over('vec4 channels', [2, 6, 8]),
    over('odd channels', [3, 5, 46]),
    over('one row of three', [1, 1, 3]),
    over('an image', [2, 3, 3, 8]),
    over('more rows than one slice', [8, 9, 12]),
  ],
});

/** Over the last axis; `${name}.weight` and `${name}.bias` as PyTorch's LayerNorm. */
export const layerNormLayer =
  <T>({ shape, parameter, apply }: Context<T>) =>
  (x: T, name: string, { eps }: { eps: number }): T => {
    const channels = [lastOf(shape(x))];
    const gamma = parameter(`${name}.weight`, { shape: channels, layout: 'plain', init: { kind: 'ones' } });
    const beta = parameter(`${name}.bias`, { shape: channels, layout: 'plain', init: { kind: 'zeros' } });
    return apply(layerNorm, { x, gamma, beta }, { eps });
  };
