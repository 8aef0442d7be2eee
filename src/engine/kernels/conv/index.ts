/**
 * Convolution, and the linear layer as the convolution of one pixel: direct, no im2col, a tile of pixels and channels in the
 * registers of each thread, no barriers. Registered as a tfjs kernel with its gradients, which are lazy: the first convolution
 * of a network never computes the gradient of the images.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../gpu/dispatch';
import { registerFused } from '../register';
import { sliceRows, sumRows, sumSlices } from '../sum';
import filterGradientText from './filter-gradient.wgsl?raw';
import forwardText from './forward.wgsl?raw';
import inputGradientText from './input-gradient.wgsl?raw';

export interface ConvGeometry {
  /** [batch, height, width, channels]; a matrix [rows, channels] is [rows, 1, 1, channels]. */
  input: readonly [number, number, number, number];
  output: readonly [number, number, number, number];
  kernel: number;
  stride: number;
  padding: number;
}

/** Output shape and geometry of a square convolution, PyTorch's rule. Throws if the window does not fit. */
export function convGeometry(
  input: readonly [number, number, number, number],
  { out, kernel, stride, padding }: { out: number; kernel: number; stride: number; padding: number },
): ConvGeometry {
  const [batch, height, width] = input;
  const slide = (side: number) => Math.floor((side + 2 * padding - kernel) / stride) + 1;
  const output = [batch, slide(height), slide(width), out] as const;
  if (output[1] < 1 || output[2] < 1)
    throw new Error(`A map of ${height} x ${width} is too small for a window of ${kernel}.`);
  return { input, output, kernel, stride, padding };
}

const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const quarters = (channels: number) => Math.ceil(channels / 4);
const isVec = (channels: number) => Number(channels % 4 === 0);

/** Tile of a thread: pixels, and vec4 of channels of which there are `vectors`. Few pixels ask for smaller tiles and so more threads. */
function tile(pixels: number, vectors: number): { P: number; T: number } {
  const T = vectors % 2 === 0 ? 2 : 1;
  const P = pixels * vectors >= 4096 ? 4 : pixels * vectors >= 1024 ? 2 : 1;
  return { P, T };
}

interface Tensors {
  x: tf.TensorInfo;
  w: tf.TensorInfo;
  bias?: tf.TensorInfo | undefined;
}

/** y [b, oh, ow, o] of x [b, h, w, c] and w [k, k, c, o]. */
export function convForward({ x, w, bias }: Tensors, geometry: ConvGeometry): tf.TensorInfo {
  const device = gpu();
  const { input, output, kernel, stride, padding } = geometry;
  const y = device.empty(output);
  const pixels = product(output.slice(0, 3));
  const [c, o] = [input[3], output[3]];
  const { P, T } = tile(pixels, quarters(o));
  const groups = quarters(o) / T;
  device.dispatch({
    kernel: {
      name: 'conv-forward',
      text: forwardText,
      constants: {
        KERNEL: kernel,
        STRIDE: stride,
        PADDING: padding,
        X_VEC: isVec(c),
        O_VEC: isVec(o),
        BIAS: Number(bias !== undefined),
        P,
        T,
      },
    },
    inputs: bias ? [x, w, bias] : [x, w],
    outputs: [y],
    u32: [pixels, input[1], input[2], output[1], output[2], c, o, quarters(c), quarters(o), groups],
    threads: Math.ceil(pixels / P) * groups,
  });
  return y;
}

/** dx [b, h, w, c] of dy [b, oh, ow, o]. */
export function convInputGradient(dy: tf.TensorInfo, w: tf.TensorInfo, geometry: ConvGeometry): tf.TensorInfo {
  const device = gpu();
  const { input, output, kernel, stride, padding } = geometry;
  const dx = device.empty(input);
  const [batch, height, width, c] = input;
  const o = output[3];
  const phaseHeight = Math.ceil(height / stride);
  const phaseWidth = Math.ceil(width / stride);
  const pixels = batch * phaseHeight * phaseWidth;
  const { P, T } = tile(pixels * stride * stride, quarters(c));
  const groups = quarters(c) / T;
  const blocks = Math.ceil(pixels / P);
  device.dispatch({
    kernel: {
      name: 'conv-input-gradient',
      text: inputGradientText,
      constants: { KERNEL: kernel, STRIDE: stride, PADDING: padding, X_VEC: isVec(c), O_VEC: isVec(o), P, T },
    },
    inputs: [dy, w],
    outputs: [dx],
    u32: [
      pixels,
      height,
      width,
      output[1],
      output[2],
      c,
      o,
      quarters(c),
      quarters(o),
      groups,
      phaseHeight,
      phaseWidth,
      blocks,
    ],
    threads: blocks * stride * stride * groups,
  });
  return dx;
}

/** dw [k, k, c, o] of x [b, h, w, c] and dy [b, oh, ow, o]. */
export function convFilterGradient(x: tf.TensorInfo, dy: tf.TensorInfo, geometry: ConvGeometry): tf.TensorInfo {
  const device = gpu();
  const { input, output, kernel, stride, padding } = geometry;
  const [c, o] = [input[3], output[3]];
  const pixels = product(output.slice(0, 3));
  const S = quarters(c) % 2 === 0 ? 2 : 1;
  const T = quarters(o) % 2 === 0 ? 2 : 1;
  const groupsC = quarters(c) / S;
  const groupsO = quarters(o) / T;
  const shape = [kernel, kernel, c, o];
  const perPixel = kernel * kernel * groupsC * groupsO;
  const { slices, perSlice } = sliceRows(pixels, perPixel);
  const partial = device.empty(slices === 1 ? shape : [slices, ...shape]);
  const flat = kernel === 1 && stride === 1 && padding === 0;
  device.dispatch({
    kernel: {
      name: 'conv-filter-gradient',
      text: filterGradientText,
      constants: {
        KERNEL: kernel,
        STRIDE: stride,
        PADDING: padding,
        X_VEC: isVec(c),
        O_VEC: isVec(o),
        FLAT: Number(flat),
        S,
        T,
      },
    },
    inputs: [x, dy],
    outputs: [partial],
    u32: [
      pixels,
      input[1],
      input[2],
      output[1],
      output[2],
      c,
      o,
      quarters(c),
      quarters(o),
      groupsC,
      groupsO,
      slices,
      perSlice,
    ],
    threads: perPixel * slices,
  });
  if (slices === 1) return partial;
  const total = sumSlices(partial, shape);
  device.release(partial);
  return total;
}

interface ConvAttributes extends tf.NamedAttrMap {
  stride: number;
  padding: number;
  /** 0 without a bias. */
  biasSize: number;
}

const geometryOf = (x: readonly number[], w: readonly number[], { stride, padding }: ConvAttributes) =>
  convGeometry(x as [number, number, number, number], { out: w[3] as number, kernel: w[0] as number, stride, padding });

const run = registerFused<ConvAttributes>('TricklabConv', {
  forward: ({ x, w, bias }, attributes) =>
    convForward(
      { x, w, bias } as Tensors,
      geometryOf((x as tf.TensorInfo).shape, (w as tf.TensorInfo).shape, attributes),
    ),
  saved: ['x', 'w'],
  backward: ([dy], [x, w], attributes) => {
    const geometry = geometryOf(x.shape, w.shape, attributes);
    return {
      x: () => convInputGradient(dy, w, geometry),
      w: () => convFilterGradient(x, dy, geometry),
      bias: () => sumRows(dy, attributes.biasSize),
    };
  },
});

/** x [b, h, w, c] and filter [k, k, c, o] -> [b, oh, ow, o], with PyTorch's padding and an optional bias [o]. */
export function conv(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor | undefined,
  attributes: { stride: number; padding: number },
): tf.Tensor4D {
  const inputs = bias ? { x, w: filter, bias } : { x, w: filter };
  return run(inputs, { ...attributes, biasSize: bias?.size ?? 0 })[0] as tf.Tensor4D;
}
