/** The dispatches of batch norm, three each way. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { lastOf, sizeOf } from '../../../core/shape';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { sliceRows, sumSlices } from '../../kernels/sum';
import { vectorsOf } from '../define';
import applyText from './apply.wgsl?raw';
import combineText from './combine.wgsl?raw';
import gradientText from './gradient.wgsl?raw';
import gradientCombineText from './gradient-combine.wgsl?raw';
import gradientSumsText from './gradient-sums.wgsl?raw';
import statisticsText from './statistics.wgsl?raw';

const statisticsKernel = kernelOf({
  name: 'batch-norm-statistics',
  body: statisticsText,
  tensors: { x: 'read V', partial: 'write V' },
  uniforms: { rows: 'u32', channels: 'u32', slices: 'u32', perSlice: 'u32', groups: 'u32' },
  constants: ['VEC'],
});

const combineKernel = kernelOf({
  name: 'batch-norm-combine',
  body: combineText,
  tensors: { partial: 'read f32', stats: 'write f32', runningMean: 'write f32', runningVariance: 'write f32' },
  uniforms: {
    rows: 'u32',
    channels: 'u32',
    slices: 'u32',
    perSlice: 'u32',
    groups: 'u32',
    eps: 'f32',
    momentum: 'f32',
  },
});

const applyKernel = kernelOf({
  name: 'batch-norm-apply',
  body: applyText,
  tensors: {
    x: 'read V',
    gamma: 'read V',
    beta: 'read V',
    runningMean: 'read V?',
    runningVariance: 'read V?',
    stats: 'read V?',
    residual: 'read V?',
    y: 'write V',
  },
  uniforms: { size: 'u32', channels: 'u32', perGroup: 'u32', eps: 'f32' },
  constants: ['VEC', 'RELU', 'GROUPED'],
});

const gradientSumsKernel = kernelOf({
  name: 'batch-norm-gradient-sums',
  body: gradientSumsText,
  tensors: { dy: 'read V', x: 'read V', stats: 'read V', y: 'read V?', partial: 'write V' },
  uniforms: { rows: 'u32', channels: 'u32', slices: 'u32', perSlice: 'u32', groups: 'u32' },
  constants: ['VEC'],
});

const gradientCombineKernel = kernelOf({
  name: 'batch-norm-gradient-combine',
  body: gradientCombineText,
  tensors: { partial: 'read f32', sums: 'write f32', total: 'write f32' },
  uniforms: { width: 'u32', slices: 'u32', groups: 'u32' },
});

const gradientKernel = kernelOf({
  name: 'batch-norm-gradient',
  body: gradientText,
  tensors: {
    dy: 'read V',
    x: 'read V',
    stats: 'read V',
    sums: 'read V',
    gamma: 'read V',
    y: 'read V?',
    dx: 'write V',
    dResidual: 'write V?',
  },
  uniforms: { size: 'u32', channels: 'u32', perGroup: 'u32', perRow: 'f32' },
  constants: ['VEC', 'GROUPED'],
});

export interface BatchNormAttributes {
  eps: number;
  /** ReLU after the affine and the residual. */
  relu: boolean;
  /** Share of the batch in the running statistics, which move towards the mean and the unbiased variance of its first group. */
  momentum: number;
  /** The batch is cut along its first axis into that many equal parts, each normalised by its own statistics. */
  groups: number;
}

/** Numbers that one thread takes at a time, and how many such there are in a row and in all. */
function vectors(x: TensorInfo) {
  const channels = lastOf(x.shape);
  const rows = sizeOf(x.shape) / channels;
  const { VEC, perRow } = vectorsOf(channels);
  return { VEC, perRow, all: rows * perRow, rows, channels };
}

/** Rows of each group, and how a reduction over them is cut: threads of all groups work at once. */
function groupSlices(x: TensorInfo, groups: number) {
  const { perRow, rows } = vectors(x);
  const groupRows = rows / groups;
  return { groupRows, ...sliceRows(groupRows, perRow * groups) };
}

interface Running {
  runningMean: TensorInfo;
  runningVariance: TensorInfo;
}

/** [groups, 2, channels]: mean and inverse deviation; moves the running statistics. */
export function statistics(
  gpu: Gpu,
  x: TensorInfo,
  running: Running,
  { eps, momentum, groups }: BatchNormAttributes,
): TensorInfo {
  const { VEC, perRow, channels } = vectors(x);
  const { groupRows, slices, perSlice } = groupSlices(x, groups);
  const partial = gpu.empty([groups, slices, 2, channels]);
  gpu.dispatch(statisticsKernel, {
    tensors: { x, partial },
    uniforms: { rows: groupRows, channels: perRow, slices, perSlice, groups },
    constants: { VEC },
    threads: groups * slices * perRow,
  });
  const stats = gpu.empty([groups, 2, channels]);
  gpu.dispatch(combineKernel, {
    tensors: { partial, stats, ...running },
    uniforms: { rows: groupRows, channels, slices, perSlice, groups, eps, momentum },
    constants: {},
    threads: groups * channels,
  });
  gpu.release(partial);
  return stats;
}

interface Affine {
  x: TensorInfo;
  gamma: TensorInfo;
  beta: TensorInfo;
  residual?: TensorInfo | undefined;
}

/** With the statistics of the batch in training, with running ones in evaluation. */
export function applied(
  gpu: Gpu,
  tensors: Affine & ({ stats: TensorInfo } | Running),
  { eps, relu, groups }: Omit<BatchNormAttributes, 'momentum'>,
): TensorInfo {
  const { VEC, perRow, all } = vectors(tensors.x);
  const y = gpu.activation(tensors.x.shape);
  gpu.dispatch(applyKernel, {
    tensors: { ...tensors, y },
    uniforms: { size: all, channels: perRow, perGroup: all / groups, eps },
    constants: { VEC, RELU: Number(relu), GROUPED: Number(groups > 1) },
    threads: all,
  });
  return y;
}

/** partial [slices, groups, 2, channels] summed over its slices, and over its groups too. */
function combineSums(gpu: Gpu, partial: TensorInfo, groups: number, channels: number) {
  if (groups === 1) {
    const sums = sumSlices(gpu, partial, [2, channels]);
    return { sums, total: sums };
  }
  const sums = gpu.empty([groups, 2, channels]);
  const total = gpu.empty([2, channels]);
  const width = 2 * channels;
  gpu.dispatch(gradientCombineKernel, {
    tensors: { partial, sums, total },
    uniforms: { width, slices: partial.shape[0] as number, groups },
    constants: {},
    threads: width,
  });
  return { sums, total };
}

interface Backward {
  dy: TensorInfo;
  x: TensorInfo;
  gamma: TensorInfo;
  stats: TensorInfo;
  /** Output, where a ReLU hid some of it. */
  y: TensorInfo | undefined;
}

/** residual: one was added, and wants its gradient. */
export function gradients(
  gpu: Gpu,
  { dy, x, gamma, stats, y }: Backward,
  { groups, residual }: { groups: number; residual: boolean },
) {
  const { VEC, perRow, all, channels } = vectors(x);
  const { groupRows, slices, perSlice } = groupSlices(x, groups);
  const partial = gpu.empty([slices, groups, 2, channels]);
  gpu.dispatch(gradientSumsKernel, {
    tensors: { dy, x, stats, y, partial },
    uniforms: { rows: groupRows, channels: perRow, slices, perSlice, groups },
    constants: { VEC },
    threads: groups * slices * perRow,
  });
  const { sums, total } = combineSums(gpu, partial, groups, channels);
  gpu.release(partial);
  const dx = gpu.activation(x.shape);
  // Without a ReLU the residual's gradient is dy itself.
  const dResidual = residual && y ? gpu.activation(x.shape) : undefined;
  gpu.dispatch(gradientKernel, {
    tensors: { dy, x, stats, sums, gamma, y, dx, dResidual },
    uniforms: { size: all, channels: perRow, perGroup: all / groups, perRow: 1 / groupRows },
    constants: { VEC, GROUPED: Number(groups > 1) },
    threads: all,
  });
  const beta = gpu.empty([channels]);
  const dGamma = gpu.empty([channels]);
  gpu.copy(total, beta, { size: 4 * channels });
  gpu.copy(total, dGamma, { fromOffset: 4 * channels, size: 4 * channels });
  gpu.release(sums);
  if (total !== sums) gpu.release(total);
  return { x: dx, gamma: dGamma, beta, residual: dResidual ?? (residual ? gpu.alias(dy) : dx) };
}
