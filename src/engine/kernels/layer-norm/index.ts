/** Layer norm over the last axis, registered with its gradients. Ba et al. 2016 (arXiv 1607.06450). */
import * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../gpu/dispatch';
import { registerFused, together } from '../register';
import { sliceRows, sumSlices } from '../sum';
import affineGradientText from './affine-gradient.wgsl?raw';
import forwardText from './forward.wgsl?raw';
import inputGradientText from './input-gradient.wgsl?raw';

function rowsOf(x: tf.TensorInfo) {
  const channels = x.shape.at(-1) as number;
  const vec = channels % 4 === 0;
  const rows = tf.util.sizeFromShape(x.shape) / channels;
  return { channels, rows, VEC: Number(vec), columns: vec ? channels / 4 : channels };
}

function affineGradients(dy: tf.TensorInfo, x: tf.TensorInfo, stats: tf.TensorInfo) {
  const device = gpu();
  const { channels, rows, VEC, columns } = rowsOf(x);
  const { slices, perSlice } = sliceRows(rows, columns);
  const partial = device.empty([slices, 2, channels]);
  device.dispatch({
    kernel: { name: 'layer-norm-affine-gradient', text: affineGradientText, constants: { VEC } },
    inputs: [dy, x, stats],
    outputs: [partial],
    u32: [rows, columns, slices, perSlice],
    threads: slices * columns,
  });
  const sums = sumSlices(partial, [2, channels]);
  device.release(partial);
  const gamma = device.empty([channels]);
  const beta = device.empty([channels]);
  device.copy(sums, gamma, { size: 4 * channels });
  device.copy(sums, beta, { fromOffset: 4 * channels, size: 4 * channels });
  device.release(sums);
  return { gamma, beta };
}

const run = registerFused<{ eps: number }>('TricklabLayerNorm', {
  forward: (inputs, { eps }) => {
    const [x, gamma, beta] = [inputs.x, inputs.gamma, inputs.beta] as [tf.TensorInfo, tf.TensorInfo, tf.TensorInfo];
    const { channels, rows, VEC, columns } = rowsOf(x);
    const y = gpu().activation(x.shape);
    const stats = gpu().empty([rows, 2]);
    gpu().dispatch({
      kernel: { name: 'layer-norm-forward', text: forwardText, constants: { VEC } },
      inputs: [x, gamma, beta],
      outputs: [y, stats],
      u32: [rows, columns],
      f32: [1 / channels, eps],
      threads: rows,
    });
    return [y, stats];
  },
  saved: ['x', 'gamma'],
  savedOutputs: [false, true],
  backward: ([dy], [x, gamma, stats]) => {
    const affine = together(() => affineGradients(dy, x, stats));
    return {
      x: () => {
        const { channels, rows, VEC, columns } = rowsOf(x);
        const dx = gpu().activation(x.shape);
        gpu().dispatch({
          kernel: { name: 'layer-norm-input-gradient', text: inputGradientText, constants: { VEC } },
          inputs: [dy, x, gamma, stats],
          outputs: [dx],
          u32: [rows, columns],
          f32: [1 / channels],
          threads: rows,
        });
        return dx;
      },
      gamma: () => affine('gamma'),
      beta: () => affine('beta'),
    };
  },
});

/** See Ops.layerNorm. */
export const layerNorm = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, eps: number): tf.Tensor =>
  run({ x, gamma, beta }, { eps })[0] as tf.Tensor;
