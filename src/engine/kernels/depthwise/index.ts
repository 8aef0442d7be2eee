/** Depthwise convolution: one filter per channel. Registered with its gradients. */
import type * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../gpu/dispatch';
import { type ConvGeometry, convGeometry } from '../conv';
import { registerFused } from '../register';
import { sliceRows, sumRows, sumSlices } from '../sum';
import filterGradientText from './filter-gradient.wgsl?raw';
import forwardText from './forward.wgsl?raw';
import inputGradientText from './input-gradient.wgsl?raw';

interface Attributes {
  stride: number;
  padding: number;
  /** 0 without a bias. */
  biasSize: number;
}

/** Constants of the shaders, and how many numbers each thread takes at once. */
function setting({ input, kernel, stride, padding }: ConvGeometry) {
  const vec = input[3] % 4 === 0;
  return {
    constants: { KERNEL: kernel, STRIDE: stride, PADDING: padding, VEC: Number(vec) },
    channels: vec ? input[3] / 4 : input[3],
  };
}

const sides = ({ input, output }: ConvGeometry) => [input[1], input[2], output[1], output[2]];

function forward(x: tf.TensorInfo, w: tf.TensorInfo, bias: tf.TensorInfo | undefined, geometry: ConvGeometry) {
  const device = gpu();
  const { constants, channels } = setting(geometry);
  const y = device.activation(geometry.output);
  const [batch, height, width] = geometry.output;
  const size = batch * height * width * channels;
  device.dispatch({
    kernel: {
      name: 'depthwise-forward',
      text: forwardText,
      constants: { ...constants, BIAS: Number(bias !== undefined) },
    },
    inputs: [x, device.halves.asRead(w), ...(bias ? [bias] : [])],
    outputs: [y],
    u32: [size, ...sides(geometry), channels],
    threads: size,
  });
  return y;
}

function inputGradient(dy: tf.TensorInfo, w: tf.TensorInfo, geometry: ConvGeometry) {
  const device = gpu();
  const { constants, channels } = setting(geometry);
  const dx = device.activation(geometry.input);
  const [batch, height, width] = geometry.input;
  const size = batch * height * width * channels;
  device.dispatch({
    kernel: { name: 'depthwise-input-gradient', text: inputGradientText, constants },
    inputs: [dy, device.halves.asRead(w)],
    outputs: [dx],
    u32: [size, ...sides(geometry), channels],
    threads: size,
  });
  return dx;
}

function filterGradient(x: tf.TensorInfo, dy: tf.TensorInfo, geometry: ConvGeometry) {
  const device = gpu();
  const { constants, channels } = setting(geometry);
  const { kernel } = geometry;
  const [batch, height, width, all] = geometry.output;
  const pixels = batch * height * width;
  const shape = [kernel, kernel, all, 1];
  const perPixel = kernel * kernel * channels;
  const { slices, perSlice } = sliceRows(pixels, perPixel);
  const partial = device.empty(slices === 1 ? shape : [slices, ...shape]);
  device.dispatch({
    kernel: { name: 'depthwise-filter-gradient', text: filterGradientText, constants },
    inputs: [x, dy],
    outputs: [partial],
    u32: [pixels, ...sides(geometry), channels, slices, perSlice],
    threads: perPixel * slices,
  });
  if (slices === 1) return partial;
  const total = sumSlices(partial, shape);
  device.release(partial);
  return total;
}

const geometryOf = (x: tf.TensorInfo, w: tf.TensorInfo, { stride, padding }: Attributes) =>
  convGeometry(x.shape as [number, number, number, number], {
    out: x.shape[3] as number,
    kernel: w.shape[0] as number,
    stride,
    padding,
  });

const run = registerFused<Attributes>('TricklabDepthwiseConv', {
  forward: ({ x, w, bias }, attributes) => {
    const [image, filter] = [x as tf.TensorInfo, w as tf.TensorInfo];
    return forward(image, filter, bias, geometryOf(image, filter, attributes));
  },
  saved: ['x', 'w'],
  backward: ([dy], [x, w], attributes) => {
    const geometry = geometryOf(x, w, attributes);
    return {
      x: () => inputGradient(dy, w, geometry),
      w: () => filterGradient(x, dy, geometry),
      bias: () => sumRows(dy, attributes.biasSize),
    };
  },
});

/** x [b, h, w, c] and filter [k, k, c, 1] -> [b, oh, ow, c], with PyTorch's padding and an optional bias [c]. */
export function depthwiseConv(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor | undefined,
  attributes: { stride: number; padding: number },
): tf.Tensor4D {
  const inputs = bias ? { x, w: filter, bias } : { x, w: filter };
  return run(inputs, { ...attributes, biasSize: bias?.size ?? 0 })[0] as tf.Tensor4D;
}
