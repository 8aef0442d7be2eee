/** Sums that keep one order whatever runs in parallel: the same bits each time. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Shape, sizeOf } from '../../../core/shape';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { vectorsOf } from '../../ops/define';
import columnsText from './columns.wgsl?raw';
import slicesText from './slices.wgsl?raw';

const slicesKernel = kernelOf({
  name: 'sum-slices',
  body: slicesText,
  tensors: { x: 'read V', y: 'write V' },
  uniforms: { size: 'u32', slices: 'u32' },
  constants: ['VEC'],
});

const columnsKernel = kernelOf({
  name: 'sum-columns',
  body: columnsText,
  tensors: { x: 'read V', y: 'write V' },
  uniforms: { rows: 'u32', columns: 'u32', slices: 'u32', perSlice: 'u32' },
  constants: ['VEC'],
});

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
export function sumSlices(gpu: Gpu, x: TensorInfo, shape: Shape, out?: TensorInfo): TensorInfo {
  const y = out ?? gpu.empty(shape);
  const { VEC, perRow } = vectorsOf(sizeOf(shape));
  gpu.dispatch(slicesKernel, {
    tensors: { x, y },
    uniforms: { size: perRow, slices: x.shape[0] as number },
    constants: { VEC },
    threads: perRow,
  });
  return y;
}

/** x [rows, columns], any shape with that many numbers, summed over its rows: [columns]. */
export function sumRows(gpu: Gpu, x: TensorInfo, columns: number): TensorInfo {
  const rows = sizeOf(x.shape) / columns;
  const { VEC, perRow } = vectorsOf(columns);
  const { slices, perSlice } = sliceRows(rows, perRow);
  const partial = gpu.empty([slices, columns]);
  gpu.dispatch(columnsKernel, {
    tensors: { x, y: partial },
    uniforms: { rows, columns: perRow, slices, perSlice },
    constants: { VEC },
    threads: perRow * slices,
  });
  if (slices === 1) return { ...partial, shape: [columns] };
  const total = sumSlices(gpu, partial, [columns]);
  gpu.release(partial);
  return total;
}
