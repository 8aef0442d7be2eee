/** Arrays of fp64 in plain loops, for the definitions of ops. Slow on purpose. */
import { imageShape, type Shape, sizeOf } from '../../core/shape';

export interface Array64 {
  shape: Shape;
  data: Float64Array;
}

/** Reads an image [b, h, w, c] by index; undefined outside its sides. */
export function pixelsOf({ shape, data }: Array64) {
  const [, height, width, channels] = imageShape(shape);
  return (b: number, row: number, column: number, c: number): number | undefined =>
    row < 0 || row >= height || column < 0 || column >= width
      ? undefined
      : data[((b * height + row) * width + column) * channels + c];
}

/** Fills an array by a function of its index. */
export function build(shape: Shape, value: (...index: number[]) => number): Array64 {
  const data = new Float64Array(sizeOf(shape));
  const index = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = value(...index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] as number) + 1;
      index[axis] = next < (shape[axis] as number) ? next : 0;
      if (index[axis]) break;
    }
  }
  return { shape, data };
}

export const map64 = (x: Array64, value: (number: number, i: number) => number): Array64 => ({
  shape: x.shape,
  data: x.data.map(value),
});

/** For each pixel under the window at (row, column) of the output: its place in the window, and in the image. */
export function* windowAt(
  row: number,
  column: number,
  { kernel, stride, padding }: { kernel: number; stride: number; padding: number },
) {
  for (let i = 0; i < kernel; i++) {
    for (let j = 0; j < kernel; j++) yield { i, j, y: row * stride + i - padding, x: column * stride + j - padding };
  }
}

/** Mean and biased variance of every `stride`-th number from `start`, `count` of them. */
export function moments64(
  data: Float64Array,
  { start, stride, count }: { start: number; stride: number; count: number },
): { mean: number; variance: number } {
  let mean = 0;
  for (let i = 0; i < count; i++) mean += (data[start + i * stride] as number) / count;
  let variance = 0;
  for (let i = 0; i < count; i++) variance += ((data[start + i * stride] as number) - mean) ** 2 / count;
  return { mean, variance };
}

export function softmax64(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
