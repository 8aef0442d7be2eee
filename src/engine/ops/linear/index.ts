/** The linear layer: to the kernels a convolution of images of one pixel. */
import type { Tensor2D, TensorInfo } from '@tensorflow/tfjs-core';
import type { Init } from '../../../core/parameter';
import { lastOf, type Shape, sizeOf } from '../../../core/shape';
import { sumRows } from '../../kernels/sum';
import { build } from '../array64';
import { convFilterGradient, convForward, convGeometry, convInputGradient } from '../conv/passes';
import { type Context, defineOp } from '../define';

function geometryOf(x: Shape, w: Shape) {
  const [rows, channels] = x as readonly [number, number];
  return convGeometry([rows, 1, 1, channels], { out: lastOf(w), kernel: 1, stride: 1, padding: 0 });
}

const shaped = (tensor: TensorInfo, shape: Shape): TensorInfo => ({ ...tensor, shape: [...shape] });

/** x [rows, in] and w [in, out], bias [out] -> [rows, out]. */
export const linear = defineOp()({
  name: 'linear',
  inputs: { x: 'activation', w: 'parameter', bias: 'parameter?' },
  outputs: ['y'],
  shape: ({ x, w }) => [x[0] as number, lastOf(w)],
  cost: ({ x, w }) => ({ macs: (x[0] as number) * sizeOf(w) }),
  kernels: {
    forward: (gpu, { x, w, bias }) => ({
      y: shaped(convForward(gpu, { x, w, bias }, geometryOf(x.shape, w.shape)), [
        x.shape[0] as number,
        lastOf(w.shape),
      ]),
    }),
    keeps: () => ['x', 'w'],
    gradients(gpu, dy, { x, w }) {
      const geometry = geometryOf(x.shape, w.shape);
      return {
        x: () => shaped(convInputGradient(gpu, dy, w, geometry), x.shape),
        w: (out) => shaped(convFilterGradient(gpu, { x, dy, out }, geometry), w.shape),
        bias: () => sumRows(gpu, dy, lastOf(w.shape)),
      };
    },
  },
  reference(tf, { x, w, bias }) {
    const y = tf.matMul(x as Tensor2D, w as Tensor2D);
    return { y: bias ? tf.add(y, bias) : y };
  },
  float64({ x, w, bias }) {
    const [rows, channels] = x.shape as readonly [number, number];
    const out = lastOf(w.shape);
    return build([rows, out], (row = 0, o = 0) => {
      let sum = bias?.data[o] ?? 0;
      for (let c = 0; c < channels; c++)
        sum += (x.data[row * channels + c] as number) * (w.data[c * out + o] as number);
      return sum;
    });
  },
  cases: [
    { name: 'vec4 channels', inputs: { x: [5, 8], w: [8, 12], bias: [12] }, attributes: {} },
    { name: 'a classifier of ten', inputs: { x: [9, 64], w: [64, 10], bias: [10] }, attributes: {} },
    { name: 'odd ones', inputs: { x: [3, 7], w: [7, 5], bias: [5] }, attributes: {} },
    { name: 'one row, one output, no bias', inputs: { x: [1, 6], w: [6, 1] }, attributes: {} },
  ],
});

/** x @ W^T + b over the last axis; `${name}.weight` [out, in] and `${name}.bias` [out], as PyTorch's Linear. */
export const linearLayer =
  <T>({ shape, parameter, reshape, apply }: Context<T>) =>
  (x: T, name: string, options: { out: number; bias?: boolean; init?: Init }): T => {
    const { out, bias: withBias = true, init } = options;
    const axes = shape(x);
    const channels = lastOf(axes);
    // PyTorch's own start. With an init of the weight the bias starts at 0.
    const plain: Init = { kind: 'uniform', bound: 1 / Math.sqrt(channels) };
    const w = parameter(`${name}.weight`, { shape: [out, channels], layout: 'linear', init: init ?? plain });
    const biasStart: Init = init ? { kind: 'zeros' } : plain;
    const bias = withBias ? parameter(`${name}.bias`, { shape: [out], layout: 'plain', init: biasStart }) : undefined;
    const rows = sizeOf(axes) / channels;
    const y = apply(linear, { x: reshape(x, [rows, channels]), w, bias }, {});
    return reshape(y, [...axes.slice(0, -1), out]);
  };
