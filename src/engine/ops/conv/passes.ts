/**
 * The three passes of a convolution: direct, no im2col, a tile of pixels and channels in the registers of each thread, no barriers,
 * or for GPUs in workgroup memory. Which, the tuner decides by shape.
 */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type ImageShape, type Shape, sizeOf } from '../../../core/shape';
import { slide } from '../../../core/sliding';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { WORKGROUP } from '../../gpu/wgsl';
import { sliceRows, sumSlices } from '../../kernels/sum';
import filterGradientText from './filter-gradient.wgsl?raw';
import filterGradientRowText from './filter-gradient-row.wgsl?raw';
import filterGradientSharedText from './filter-gradient-shared.wgsl?raw';
import filterGradientTensorsText from './filter-gradient-tensors.wgsl?raw';
import forwardText from './forward.wgsl?raw';
import forwardSharedText from './forward-shared.wgsl?raw';
import inputGradientText from './input-gradient.wgsl?raw';
import inputGradientSharedText from './input-gradient-shared.wgsl?raw';
import { filterTiles, type Offer, pixelTiles, type Tile } from './variants';

/** What all shaders of the convolution are compiled with. */
const shape = ['KERNEL', 'STRIDE', 'PADDING', 'X_VEC', 'O_VEC'] as const;

/** Sides and channels, in numbers and in vec4. */
const sizes = {
  pixels: 'u32',
  inHeight: 'u32',
  inWidth: 'u32',
  outHeight: 'u32',
  outWidth: 'u32',
  inChannels: 'u32',
  outChannels: 'u32',
  c4: 'u32',
  o4: 'u32',
} as const;

const forwardUniforms = { ...sizes, groups: 'u32' } as const;
const inputGradientUniforms = { ...forwardUniforms, phaseHeight: 'u32', phaseWidth: 'u32', blocks: 'u32' } as const;

const forwardKernel = kernelOf({
  name: 'conv-forward',
  body: forwardText,
  tensors: { x: 'read X', w: 'read O', bias: 'read f32?', y: 'write O' },
  uniforms: forwardUniforms,
  constants: [...shape, 'P', 'T'],
});

const forwardSharedKernel = kernelOf({
  name: 'conv-forward-shared',
  body: forwardSharedText,
  tensors: { x: 'read vec4f', w: 'read vec4f', bias: 'read vec4f?', y: 'write vec4f' },
  uniforms: forwardUniforms,
  constants: shape,
});

const inputGradientKernel = kernelOf({
  name: 'conv-input-gradient',
  body: inputGradientText,
  tensors: { dy: 'read O', w: 'read O', dx: 'write X' },
  uniforms: inputGradientUniforms,
  constants: [...shape, 'P', 'T'],
});

const inputGradientSharedKernel = kernelOf({
  name: 'conv-input-gradient-shared',
  body: inputGradientSharedText,
  tensors: { dy: 'read vec4f', w: 'read vec4f', dx: 'write vec4f' },
  uniforms: inputGradientUniforms,
  constants: shape,
});

const filterGradient = {
  tensors: { x: 'read X', dy: 'read O', dw: 'write O' },
  uniforms: { ...sizes, groupsC: 'u32', groupsO: 'u32', slices: 'u32', perSlice: 'u32' },
} as const;

const filterGradientKernel = kernelOf({
  name: 'conv-filter-gradient',
  body: filterGradientTensorsText + filterGradientText,
  ...filterGradient,
  constants: [...shape, 'S', 'T', 'FLAT'],
});

const filterGradientRowKernel = kernelOf({
  name: 'conv-filter-gradient-row',
  body: filterGradientTensorsText + filterGradientRowText,
  ...filterGradient,
  constants: [...shape, 'S', 'T', 'LAST'],
});

const filterGradientSharedKernel = kernelOf({
  name: 'conv-filter-gradient-shared',
  body: filterGradientTensorsText + filterGradientSharedText,
  ...filterGradient,
  constants: shape,
});

/** Those among which the tuner chooses. */
export const tunedKernels = [
  forwardKernel,
  forwardSharedKernel,
  inputGradientKernel,
  inputGradientSharedKernel,
  filterGradientKernel,
  filterGradientRowKernel,
  filterGradientSharedKernel,
];

export interface ConvGeometry {
  /** A matrix [rows, channels] is [rows, 1, 1, channels]. */
  input: ImageShape;
  output: ImageShape;
  kernel: number;
  stride: number;
  padding: number;
}

/** Output shape and geometry of a square convolution, PyTorch's rule. Throws if the window does not fit. */
export function convGeometry(
  input: ImageShape,
  { out, kernel, stride, padding }: { out: number; kernel: number; stride: number; padding: number },
): ConvGeometry {
  const [rows, columns] = slide(input[1], input[2], { kernel, stride, padding });
  return { input, output: [input[0], rows, columns, out], kernel, stride, padding };
}

const quarters = (channels: number) => Math.ceil(channels / 4);
const isVec = (channels: number) => Number(channels % 4 === 0);

interface Tensors {
  x: TensorInfo;
  w: TensorInfo;
  bias?: TensorInfo | undefined;
}

const keyOf = (pass: string, { input, output, kernel, stride, padding }: ConvGeometry) =>
  `conv-${pass} ${input.join('x')} to ${output.join('x')} k${kernel} s${stride} p${padding}`;

/** What all shaders of the convolution are compiled with. */
const constantsOf = ({ input, output, kernel, stride, padding }: ConvGeometry) => ({
  KERNEL: kernel,
  STRIDE: stride,
  PADDING: padding,
  X_VEC: isVec(input[3]),
  O_VEC: isVec(output[3]),
});

const sizesOf = ({ input, output }: ConvGeometry) => ({
  inHeight: input[1],
  inWidth: input[2],
  outHeight: output[1],
  outWidth: output[2],
  inChannels: input[3],
  outChannels: output[3],
  c4: quarters(input[3]),
  o4: quarters(output[3]),
});

const filterShape = ({ input, output, kernel }: ConvGeometry) => [kernel, kernel, input[3], output[3]];

/** As many as there are shapes. */
type Scratch = [TensorInfo, TensorInfo, TensorInfo];

/**
 * The tile for a shape. Trials run the kernel over tensors of the shapes, whose values nobody reads, in the precision of the step
 * that asks.
 */
function chosenTile(
  gpu: Gpu,
  { key, variants, shapes }: { key: string; variants: readonly Tile[]; shapes: readonly Shape[] },
  run: (tensors: Scratch, tile: Tile) => TensorInfo,
): Tile {
  const { precision } = gpu.halves;
  const trial = (variant: Tile) =>
    gpu.halves.within(precision, () => {
      const tensors = shapes.map((shape) => gpu.activation(shape));
      const result = run(tensors as Scratch, variant);
      for (const tensor of [...tensors, result]) gpu.release(tensor);
    });
  return gpu.tuner.choose(precision.half ? `${key} f16` : key, variants, trial);
}

/** What this device may be asked to try for a convolution. */
const offerFor = (gpu: Gpu, { input, output, kernel, stride }: ConvGeometry): Offer => ({
  vec4: input[3] % 4 === 0 && output[3] % 4 === 0,
  large: !gpu.software,
  tapRows: kernel > 1 && stride === 1,
});

function dispatchForward(gpu: Gpu, { x, w, bias }: Tensors, geometry: ConvGeometry, tile: Tile): TensorInfo {
  const { rows, columns, barriers } = tile;
  const { output } = geometry;
  const y = gpu.activation(output);
  const pixels = sizeOf(output.slice(0, 3));
  const groups = Math.ceil(quarters(output[3]) / columns);
  const constants = constantsOf(geometry);
  const call = {
    tensors: { x, w: gpu.halves.asRead(w), bias, y },
    uniforms: { pixels, ...sizesOf(geometry), groups },
    threads: Math.ceil(pixels / rows) * groups * (barriers ? WORKGROUP : 1),
  };
  if (barriers) gpu.dispatch(forwardSharedKernel, { ...call, constants });
  else gpu.dispatch(forwardKernel, { ...call, constants: { ...constants, P: rows, T: columns } });
  return y;
}

/** y [b, oh, ow, o] of x [b, h, w, c] and w [k, k, c, o]. */
export function convForward(gpu: Gpu, tensors: Tensors, geometry: ConvGeometry): TensorInfo {
  const { input, output } = geometry;
  const chosen = chosenTile(
    gpu,
    {
      key: `${keyOf('forward', geometry)}${tensors.bias ? ' bias' : ''}`,
      variants: pixelTiles(sizeOf(output.slice(0, 3)), quarters(output[3]), offerFor(gpu, geometry)),
      shapes: [input, filterShape(geometry), [output[3]]],
    },
    ([x, w, bias], tile) => dispatchForward(gpu, { x, w, bias: tensors.bias && bias }, geometry, tile),
  );
  return dispatchForward(gpu, tensors, geometry, chosen);
}

function dispatchInputGradient(gpu: Gpu, dy: TensorInfo, w: TensorInfo, geometry: ConvGeometry, tile: Tile) {
  const { rows, columns, barriers } = tile;
  const { input, stride } = geometry;
  const dx = gpu.activation(input);
  const [batch, height, width, c] = input;
  const phaseHeight = Math.ceil(height / stride);
  const phaseWidth = Math.ceil(width / stride);
  const pixels = batch * phaseHeight * phaseWidth;
  const groups = Math.ceil(quarters(c) / columns);
  const blocks = Math.ceil(pixels / rows);
  const constants = constantsOf(geometry);
  const call = {
    tensors: { dy, w: gpu.halves.asRead(w), dx },
    uniforms: { pixels, ...sizesOf(geometry), groups, phaseHeight, phaseWidth, blocks },
    threads: blocks * stride * stride * groups * (barriers ? WORKGROUP : 1),
  };
  if (barriers) gpu.dispatch(inputGradientSharedKernel, { ...call, constants });
  else gpu.dispatch(inputGradientKernel, { ...call, constants: { ...constants, P: rows, T: columns } });
  return dx;
}

/** dx [b, h, w, c] of dy [b, oh, ow, o]. */
export function convInputGradient(gpu: Gpu, dy: TensorInfo, w: TensorInfo, geometry: ConvGeometry): TensorInfo {
  const { input, output } = geometry;
  const chosen = chosenTile(
    gpu,
    {
      key: keyOf('input-gradient', geometry),
      variants: pixelTiles(sizeOf(input.slice(0, 3)), quarters(input[3]), offerFor(gpu, geometry)),
      shapes: [output, filterShape(geometry)],
    },
    ([scratch, filter], tile) => dispatchInputGradient(gpu, scratch, filter, geometry, tile),
  );
  return dispatchInputGradient(gpu, dy, w, geometry, chosen);
}

/** [slices, k, k, c, o], or [k, k, c, o], in out if that is given, where one slice is enough. */
function dispatchFilterGradient(
  gpu: Gpu,
  { x, dy, out }: { x: TensorInfo; dy: TensorInfo; out?: TensorInfo | undefined },
  geometry: ConvGeometry,
  { rows, columns, barriers, tapRow }: Tile,
) {
  const { input, output, kernel, stride, padding } = geometry;
  const pixels = sizeOf(output.slice(0, 3));
  const [inputs, outputs] = [quarters(input[3]), quarters(output[3])];
  // Of the shape, not of the tile: the order of the sum must not depend on the tuner.
  const halved = (vectors: number) => (vectors % 2 === 0 ? vectors / 2 : vectors);
  const { slices, perSlice } = sliceRows(pixels, kernel * kernel * halved(inputs) * halved(outputs));
  const shape = filterShape(geometry);
  const dw = slices > 1 ? gpu.empty([slices, ...shape]) : (out ?? gpu.empty(shape));
  const groupsC = Math.ceil(inputs / rows);
  const groupsO = Math.ceil(outputs / columns);
  const constants = constantsOf(geometry);
  const tile = { ...constants, S: rows, T: columns };
  const call = {
    tensors: { x, dy, dw },
    uniforms: { pixels, ...sizesOf(geometry), groupsC, groupsO, slices, perSlice },
    threads: kernel * (tapRow ? 1 : kernel) * groupsC * groupsO * slices * (barriers ? WORKGROUP : 1),
  };
  if (barriers) gpu.dispatch(filterGradientSharedKernel, { ...call, constants });
  else if (tapRow) gpu.dispatch(filterGradientRowKernel, { ...call, constants: { ...tile, LAST: kernel - 1 } });
  else {
    const FLAT = Number(kernel === 1 && stride === 1 && padding === 0);
    gpu.dispatch(filterGradientKernel, { ...call, constants: { ...tile, FLAT } });
  }
  return { partial: dw, slices };
}

/** dw [k, k, c, o], in out if that is given, of x [b, h, w, c] and dy [b, oh, ow, o]. */
export function convFilterGradient(
  gpu: Gpu,
  tensors: { x: TensorInfo; dy: TensorInfo; out?: TensorInfo | undefined },
  geometry: ConvGeometry,
): TensorInfo {
  const { input, output } = geometry;
  const chosen = chosenTile(
    gpu,
    {
      key: keyOf('filter-gradient', geometry),
      variants: filterTiles(quarters(input[3]), quarters(output[3]), offerFor(gpu, geometry)),
      shapes: [input, output],
    },
    ([x, dy], tile) => dispatchFilterGradient(gpu, { x, dy }, geometry, tile).partial,
  );
  const { partial, slices } = dispatchFilterGradient(gpu, tensors, geometry, chosen);
  const shape = filterShape(geometry);
  if (slices === 1) return { ...partial, shape };
  const total = sumSlices(gpu, partial, shape, tensors.out);
  gpu.release(partial);
  return { ...total, shape };
}
