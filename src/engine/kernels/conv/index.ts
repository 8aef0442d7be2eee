/**
 * Convolution, and the linear layer as the convolution of one pixel: direct, no im2col, a tile of pixels and channels in the
 * registers of each thread, no barriers. Registered as a tfjs kernel with its gradients, which are lazy: the first convolution
 * of a network never computes the gradient of the images.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { hashName } from '../../../core/rng';
import { gpu } from '../../gpu/dispatch';
import { tuner } from '../../gpu/tuner';
import { WORKGROUP } from '../../gpu/wgsl';
import { registerFused } from '../register';
import { sliceRows, sumRows, sumSlices } from '../sum';
import filterGradientText from './filter-gradient.wgsl?raw';
import filterGradientRowText from './filter-gradient-row.wgsl?raw';
import filterGradientSharedText from './filter-gradient-shared.wgsl?raw';
import filterGradientTensorsText from './filter-gradient-tensors.wgsl?raw';
import forwardText from './forward.wgsl?raw';
import forwardSharedText from './forward-shared.wgsl?raw';
import inputGradientText from './input-gradient.wgsl?raw';
import inputGradientSharedText from './input-gradient-shared.wgsl?raw';
import { filterTiles, type Offer, pixelTiles, type Tile } from './variants';

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

interface Tensors {
  x: tf.TensorInfo;
  w: tf.TensorInfo;
  bias?: tf.TensorInfo | undefined;
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

/** Sides and channels, as all shaders' dims have them after the number of pixels. */
const sizesOf = ({ input, output }: ConvGeometry) => [
  input[1],
  input[2],
  output[1],
  output[2],
  input[3],
  output[3],
  quarters(input[3]),
  quarters(output[3]),
];

const filterShape = ({ input, output, kernel }: ConvGeometry) => [kernel, kernel, input[3], output[3]];

/**
 * The tile for a shape. Trials run the kernel over tensors of the shapes, whose values nobody reads, in the precision of the step
 * that asks.
 */
function chosenTile(
  key: string,
  variants: readonly Tile[],
  shapes: readonly (readonly number[])[],
  run: (tensors: Scratch, tile: Tile) => tf.TensorInfo,
): Tile {
  const device = gpu();
  const { halves } = device;
  const { precision } = halves;
  const trial = (variant: Tile) =>
    halves.within(precision, () => {
      const tensors = shapes.map((shape) => device.activation(shape));
      const result = run(tensors as Scratch, variant);
      for (const tensor of [...tensors, result]) device.release(tensor);
    });
  return tuner().choose(precision.half ? `${key} f16` : key, variants, trial);
}

/** What this device may be asked to try for a convolution. */
const offerFor = ({ input, output, kernel, stride }: ConvGeometry): Offer => ({
  vec4: input[3] % 4 === 0 && output[3] % 4 === 0,
  large: !gpu().software,
  tapRows: kernel > 1 && stride === 1,
});

/** As many as there are shapes. */
type Scratch = [tf.TensorInfo, tf.TensorInfo, tf.TensorInfo];

function dispatchForward(
  { x, w, bias }: Tensors,
  geometry: ConvGeometry,
  { rows, columns, barriers }: Tile,
): tf.TensorInfo {
  const device = gpu();
  const { output } = geometry;
  const y = device.activation(output);
  const pixels = product(output.slice(0, 3));
  const groups = Math.ceil(quarters(output[3]) / columns);
  const constants = { ...constantsOf(geometry), BIAS: Number(bias !== undefined) };
  device.dispatch({
    kernel: barriers
      ? { name: 'conv-forward-shared', text: forwardSharedText, constants }
      : { name: 'conv-forward', text: forwardText, constants: { ...constants, P: rows, T: columns } },
    inputs: [x, device.halves.asRead(w), ...(bias ? [bias] : [])],
    outputs: [y],
    u32: [pixels, ...sizesOf(geometry), groups],
    threads: Math.ceil(pixels / rows) * groups * (barriers ? WORKGROUP : 1),
  });
  return y;
}

/** y [b, oh, ow, o] of x [b, h, w, c] and w [k, k, c, o]. */
export function convForward(tensors: Tensors, geometry: ConvGeometry): tf.TensorInfo {
  const { input, output } = geometry;
  const vectors = quarters(output[3]);
  const variants = pixelTiles(product(output.slice(0, 3)), vectors, offerFor(geometry));
  const key = `${keyOf('forward', geometry)}${tensors.bias ? ' bias' : ''}`;
  const chosen = chosenTile(key, variants, [input, filterShape(geometry), [output[3]]], ([x, w, bias], tile) =>
    dispatchForward({ x, w, bias: tensors.bias && bias }, geometry, tile),
  );
  return dispatchForward(tensors, geometry, chosen);
}

function dispatchInputGradient(
  dy: tf.TensorInfo,
  w: tf.TensorInfo,
  geometry: ConvGeometry,
  { rows, columns, barriers }: Tile,
) {
  const device = gpu();
  const { input, stride } = geometry;
  const dx = device.activation(input);
  const [batch, height, width, c] = input;
  const phaseHeight = Math.ceil(height / stride);
  const phaseWidth = Math.ceil(width / stride);
  const pixels = batch * phaseHeight * phaseWidth;
  const groups = Math.ceil(quarters(c) / columns);
  const blocks = Math.ceil(pixels / rows);
  device.dispatch({
    kernel: barriers
      ? { name: 'conv-input-gradient-shared', text: inputGradientSharedText, constants: constantsOf(geometry) }
      : {
          name: 'conv-input-gradient',
          text: inputGradientText,
          constants: { ...constantsOf(geometry), P: rows, T: columns },
        },
    inputs: [dy, device.halves.asRead(w)],
    outputs: [dx],
    u32: [pixels, ...sizesOf(geometry), groups, phaseHeight, phaseWidth, blocks],
    threads: blocks * stride * stride * groups * (barriers ? WORKGROUP : 1),
  });
  return dx;
}

/** dx [b, h, w, c] of dy [b, oh, ow, o]. */
export function convInputGradient(dy: tf.TensorInfo, w: tf.TensorInfo, geometry: ConvGeometry): tf.TensorInfo {
  const { input, output } = geometry;
  const variants = pixelTiles(product(input.slice(0, 3)), quarters(input[3]), offerFor(geometry));
  const key = keyOf('input-gradient', geometry);
  const chosen = chosenTile(key, variants, [output, filterShape(geometry)], ([scratch, filter], tile) =>
    dispatchInputGradient(scratch, filter, geometry, tile),
  );
  return dispatchInputGradient(dy, w, geometry, chosen);
}

function filterGradientKernel(geometry: ConvGeometry, { rows, columns, barriers, tapRow }: Tile) {
  const { kernel, stride, padding } = geometry;
  const constants = constantsOf(geometry);
  const kind = (name: string, text: string, more: Record<string, number> = {}) => ({
    name,
    text: filterGradientTensorsText + text,
    constants: { ...constants, ...more },
  });
  if (barriers) return kind('conv-filter-gradient-shared', filterGradientSharedText);
  const tile = { S: rows, T: columns };
  if (tapRow) return kind('conv-filter-gradient-row', filterGradientRowText, { ...tile, LAST: kernel - 1 });
  const FLAT = Number(kernel === 1 && stride === 1 && padding === 0);
  return kind('conv-filter-gradient', filterGradientText, { ...tile, FLAT });
}

/** [slices, k, k, c, o], or [k, k, c, o], in out if that is given, where one slice is enough. */
function dispatchFilterGradient(
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  geometry: ConvGeometry,
  tile: Tile,
  out?: tf.TensorInfo,
) {
  const device = gpu();
  const { input, output, kernel } = geometry;
  const { rows, columns, barriers, tapRow } = tile;
  const pixels = product(output.slice(0, 3));
  const [inputs, outputs] = [quarters(input[3]), quarters(output[3])];
  // Of the shape, not of the tile: the order of the sum must not depend on the tuner.
  const halved = (vectors: number) => (vectors % 2 === 0 ? vectors / 2 : vectors);
  const { slices, perSlice } = sliceRows(pixels, kernel * kernel * halved(inputs) * halved(outputs));
  const shape = filterShape(geometry);
  const partial = slices > 1 ? device.empty([slices, ...shape]) : (out ?? device.empty(shape));
  const groups = [Math.ceil(inputs / rows), Math.ceil(outputs / columns)];
  device.dispatch({
    kernel: filterGradientKernel(geometry, tile),
    inputs: [x, dy],
    outputs: [partial],
    u32: [pixels, ...sizesOf(geometry), ...groups, slices, perSlice],
    threads: kernel * (tapRow ? 1 : kernel) * product(groups) * slices * (barriers ? WORKGROUP : 1),
  });
  return { partial, slices };
}

/** dw [k, k, c, o], in out if that is given, of x [b, h, w, c] and dy [b, oh, ow, o]. */
export function convFilterGradient(
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  geometry: ConvGeometry,
  out?: tf.TensorInfo,
): tf.TensorInfo {
  const { input, output } = geometry;
  const variants = filterTiles(quarters(input[3]), quarters(output[3]), offerFor(geometry));
  const key = keyOf('filter-gradient', geometry);
  const chosen = chosenTile(
    key,
    variants,
    [input, output],
    ([image, gradient], tile) => dispatchFilterGradient(image, gradient, geometry, tile).partial,
  );
  const { partial, slices } = dispatchFilterGradient(x, dy, geometry, chosen, out);
  const shape = filterShape(geometry);
  if (slices === 1) return { ...partial, shape };
  const total = sumSlices(partial, shape, out);
  gpu().release(partial);
  return { ...total, shape };
}

/** Changes when the kernels do: what a tuner measured of others is worth nothing. */
export const kernelVersion = hashName(
  [
    forwardText,
    forwardSharedText,
    inputGradientText,
    inputGradientSharedText,
    filterGradientTensorsText,
    filterGradientText,
    filterGradientRowText,
    filterGradientSharedText,
  ].join(),
);

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
      w: (out) => convFilterGradient(x, dy, geometry, out),
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
