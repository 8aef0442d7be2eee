/** Depthwise convolution: one filter per channel. */
import type { Tensor4D, TensorInfo } from '@tensorflow/tfjs-core';
import { type ImageShape, imageShape, type Shape, sizeOf } from '../../../core/shape';
import { slide } from '../../../core/sliding';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { sliceRows, sumRows, sumSlices } from '../../kernels/sum';
import { build, pixelsOf, windowAt } from '../array64';
import { defineOp, vectorsOf } from '../define';
import filterGradientText from './filter-gradient.wgsl?raw';
import forwardText from './forward.wgsl?raw';
import inputGradientText from './input-gradient.wgsl?raw';

interface Attributes {
  stride: number;
  /** Zeros on every side. */
  padding: number;
}

const sides = { inHeight: 'u32', inWidth: 'u32', outHeight: 'u32', outWidth: 'u32', channels: 'u32' } as const;
const constants = ['KERNEL', 'STRIDE', 'PADDING', 'VEC'] as const;

const forwardKernel = kernelOf({
  name: 'depthwise-forward',
  body: forwardText,
  tensors: { x: 'read V', w: 'read V', bias: 'read V?', y: 'write V' },
  uniforms: { size: 'u32', ...sides },
  constants,
});

const inputGradientKernel = kernelOf({
  name: 'depthwise-input-gradient',
  body: inputGradientText,
  tensors: { dy: 'read V', w: 'read V', dx: 'write V' },
  uniforms: { size: 'u32', ...sides },
  constants,
});

const filterGradientKernel = kernelOf({
  name: 'depthwise-filter-gradient',
  body: filterGradientText,
  tensors: { x: 'read V', dy: 'read V', dw: 'write V' },
  uniforms: { pixels: 'u32', ...sides, slices: 'u32', perSlice: 'u32' },
  constants,
});

function outputOf(x: Shape, w: Shape, window: Attributes): ImageShape {
  const [batch, height, width, channels] = imageShape(x);
  const [rows, columns] = slide(height, width, { kernel: w[0] as number, ...window });
  return [batch, rows, columns, channels];
}

/** What all three kernels are compiled with, and the sides of both images. */
function setting(input: ImageShape, output: ImageShape, kernel: number, { stride, padding }: Attributes) {
  const { VEC, perRow } = vectorsOf(input[3]);
  return {
    constants: { KERNEL: kernel, STRIDE: stride, PADDING: padding, VEC },
    sides: {
      inHeight: input[1],
      inWidth: input[2],
      outHeight: output[1],
      outWidth: output[2],
      channels: perRow,
    },
    perPixel: perRow,
  };
}

const pixelsIn = (shape: ImageShape) => sizeOf(shape.slice(0, 3));

interface Filtered {
  x: ImageShape;
  y: ImageShape;
  w: TensorInfo;
  attributes: Attributes;
}

function inputGradient(gpu: Gpu, dy: TensorInfo, { x, y, w, attributes }: Filtered): TensorInfo {
  const { constants, sides, perPixel } = setting(x, y, w.shape[0] as number, attributes);
  const dx = gpu.activation(x);
  const size = pixelsIn(x) * perPixel;
  gpu.dispatch(inputGradientKernel, {
    tensors: { dy, w: gpu.halves.asRead(w), dx },
    uniforms: { size, ...sides },
    constants,
    threads: size,
  });
  return dx;
}

function filterGradient(gpu: Gpu, x: TensorInfo, dy: TensorInfo, { x: input, y, w, attributes }: Filtered): TensorInfo {
  const kernel = w.shape[0] as number;
  const { constants, sides, perPixel } = setting(input, y, kernel, attributes);
  const pixels = pixelsIn(y);
  const perTap = kernel * kernel * perPixel;
  const { slices, perSlice } = sliceRows(pixels, perTap);
  const dw = gpu.empty(slices === 1 ? w.shape : [slices, ...w.shape]);
  gpu.dispatch(filterGradientKernel, {
    tensors: { x, dy, dw },
    uniforms: { pixels, ...sides, slices, perSlice },
    constants,
    threads: perTap * slices,
  });
  if (slices === 1) return dw;
  const total = sumSlices(gpu, dw, w.shape);
  gpu.release(dw);
  return total;
}

const depthwiseCase = (
  name: string,
  x: ImageShape,
  { kernel, bias, ...attributes }: Attributes & { kernel: number; bias?: boolean },
) => {
  const w = [kernel, kernel, x[3], 1];
  return { name, inputs: bias ? { x, w, bias: [x[3]] } : { x, w }, attributes };
};

/** x [b, h, w, c] and w [k, k, c, 1], bias [c] -> [b, oh, ow, c]. */
export const depthwiseConv = defineOp<Attributes>()({
  name: 'depthwiseConv',
  inputs: { x: 'activation', w: 'parameter', bias: 'parameter?' },
  outputs: ['y'],
  shape: ({ x, w }, attributes) => outputOf(x, w, attributes),
  cost: ({ x, w }, attributes) => ({ macs: sizeOf(outputOf(x, w, attributes)) * (w[0] as number) ** 2 }),
  kernels: {
    forward(gpu, { x, w, bias }, attributes) {
      const input = imageShape(x.shape);
      const output = outputOf(input, w.shape, attributes);
      const { constants, sides, perPixel } = setting(input, output, w.shape[0] as number, attributes);
      const y = gpu.activation(output);
      const size = pixelsIn(output) * perPixel;
      gpu.dispatch(forwardKernel, {
        tensors: { x, w: gpu.halves.asRead(w), bias, y },
        uniforms: { size, ...sides },
        constants,
        threads: size,
      });
      return { y };
    },
    keeps: () => ['x', 'w'],
    gradients(gpu, dy, { x, w }, attributes) {
      const filtered = { x: imageShape(x.shape), y: imageShape(dy.shape), w, attributes };
      return {
        x: () => inputGradient(gpu, dy, filtered),
        w: () => filterGradient(gpu, x, dy, filtered),
        bias: () => sumRows(gpu, dy, x.shape[3] as number),
      };
    },
  },
  reference(tf, { x, w, bias }, { stride, padding }) {
    const y = tf.depthwiseConv2d(x as Tensor4D, w as Tensor4D, stride, padding, 'NHWC', 1, 'floor');
    return { y: bias ? tf.add(y, bias) : y };
  },
  float64({ x, w, bias }, attributes) {
    const [kernel, , channels] = imageShape(w.shape);
    const pixel = pixelsOf(x);
    return build(outputOf(x.shape, w.shape, attributes), (b = 0, row = 0, column = 0, c = 0) => {
      let sum = bias?.data[c] ?? 0;
      for (const { i, j, y, x: across } of windowAt(row, column, { kernel, ...attributes }))
        sum += (pixel(b, y, across, c) ?? 0) * (w.data[(i * kernel + j) * channels + c] as number);
      return sum;
    });
  },
  cases: [
    depthwiseCase('3x3 over vec4 channels, with a bias', [2, 5, 6, 8], {
      kernel: 3,
      stride: 1,
      padding: 1,
      bias: true,
    }),
    depthwiseCase('3x3 of odd channels', [2, 4, 4, 5], { kernel: 3, stride: 1, padding: 1 }),
    depthwiseCase('3x3 of odd channels with stride 2', [1, 5, 4, 5], { kernel: 3, stride: 2, padding: 1 }),
    depthwiseCase('4x4 with stride 4', [2, 8, 4, 3], { kernel: 4, stride: 4, padding: 0, bias: true }),
    depthwiseCase('8x8 with stride 8', [1, 16, 16, 6], { kernel: 8, stride: 8, padding: 0, bias: true }),
    depthwiseCase('7x7', [1, 6, 5, 4], { kernel: 7, stride: 1, padding: 3, bias: true }),
    depthwiseCase('one pixel of one channel', [1, 1, 1, 1], { kernel: 3, stride: 1, padding: 1, bias: true }),
  ],
});
