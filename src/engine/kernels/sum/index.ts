/** Sums that keep one order whatever runs in parallel: the same bits each time. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { gpu } from '../../gpu/dispatch';
import columnsText from './columns.wgsl?raw';
import slicesText from './slices.wgsl?raw';

/** Threads that fill a large GPU once. */
const ENOUGH_THREADS = 16384;

/**
 * How many parts to cut `rows` of a reduction into when `perRow` threads work on each: enough threads, parts not too short.
 * A function of the shape alone, so that every run adds up in the same order.
 */
export function sliceRows(rows: number, perRow: number, { shortest = 32, most = 256 } = {}) {
  const wanted = Math.min(most, Math.ceil(ENOUGH_THREADS / perRow), Math.ceil(rows / shortest));
  const perSlice = Math.ceil(rows / Math.max(1, wanted));
  return { slices: Math.ceil(rows / perSlice), perSlice };
}

/** x [slices, ...shape] summed over its slices, into out if that is given. */
export function sumSlices(x: TensorInfo, shape: readonly number[], out?: TensorInfo): TensorInfo {
  const device = gpu();
  const y = out ?? device.empty(shape);
  const size = shape.reduce((a, b) => a * b, 1);
  const slices = x.shape[0] as number;
  const vec = size % 4 === 0;
  const threads = vec ? size / 4 : size;
  device.dispatch({
    kernel: { name: 'sum-slices', text: slicesText, constants: { VEC: Number(vec) } },
    inputs: [x],
    outputs: [y],
    u32: [threads, slices],
    threads,
  });
  return y;
}

/** x [rows, columns], any shape with that many numbers, summed over its rows: [columns]. */
export function sumRows(x: TensorInfo, columns: number): TensorInfo {
  const device = gpu();
  const rows = x.shape.reduce((a, b) => a * b, 1) / columns;
  const vec = columns % 4 === 0;
  const width = vec ? columns / 4 : columns;
  const { slices, perSlice } = sliceRows(rows, width);
  const partial = device.empty([slices, columns]);
  device.dispatch({
    kernel: { name: 'sum-columns', text: columnsText, constants: { VEC: Number(vec) } },
    inputs: [x],
    outputs: [partial],
    u32: [rows, width, slices, perSlice],
    threads: width * slices,
  });
  if (slices === 1) return { ...partial, shape: [columns] };
  const total = sumSlices(partial, [columns]);
  device.release(partial);
  return total;
}
