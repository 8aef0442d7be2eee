/**
 * Batch norm over all axes but the last, with an optional residual before an optional ReLU, three dispatches each way.
 * Ioffe and Szegedy 2015 (arXiv 1502.03167); running statistics as in PyTorch (unbiased variance). Training may cut the batch
 * into groups, consecutive parts that are each normalised by their own statistics, in as many dispatches.
 */
import * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../gpu/dispatch';
import type { BatchNormSettings, EvaluationNormSettings } from '../../ops';
import { registerFused, shared, together } from '../register';
import { sliceRows, sumSlices } from '../sum';
import applyText from './apply.wgsl?raw';
import combineText from './combine.wgsl?raw';
import gradientText from './gradient.wgsl?raw';
import gradientCombineText from './gradient-combine.wgsl?raw';
import gradientSumsText from './gradient-sums.wgsl?raw';
import statisticsText from './statistics.wgsl?raw';

interface Attributes {
  eps: number;
  momentum: number;
  groups: number;
  residual: boolean;
  runningMean: tf.TensorInfo;
  runningVariance: tf.TensorInfo;
}

const channelsOf = (x: tf.TensorInfo) => x.shape.at(-1) as number;
const sizeOf = (x: tf.TensorInfo) => tf.util.sizeFromShape(x.shape);

/** Numbers that one thread takes at a time, and how many such there are in a row and in all. */
function vectors(x: tf.TensorInfo) {
  const channels = channelsOf(x);
  const vec = channels % 4 === 0;
  const width = vec ? 4 : 1;
  return { VEC: Number(vec), perRow: channels / width, all: sizeOf(x) / width, rows: sizeOf(x) / channels };
}

/** Rows of each group, and how a reduction over them is cut: threads of all groups work at once. */
function groupSlices(x: tf.TensorInfo, groups: number) {
  const { perRow, rows } = vectors(x);
  const groupRows = rows / groups;
  return { groupRows, ...sliceRows(groupRows, perRow * groups) };
}

/** [groups, 2, channels]: mean and inverse deviation; moves the running statistics. */
function statistics(
  x: tf.TensorInfo,
  { eps, momentum, groups, runningMean, runningVariance }: Attributes,
): tf.TensorInfo {
  const device = gpu();
  const { VEC, perRow } = vectors(x);
  const channels = channelsOf(x);
  const { groupRows, slices, perSlice } = groupSlices(x, groups);
  const partial = device.empty([groups, slices, 2, channels]);
  device.dispatch({
    kernel: { name: 'batch-norm-statistics', text: statisticsText, constants: { VEC } },
    inputs: [x],
    outputs: [partial],
    u32: [groupRows, perRow, slices, perSlice, groups],
    threads: groups * slices * perRow,
  });
  const stats = device.empty([groups, 2, channels]);
  device.dispatch({
    kernel: { name: 'batch-norm-combine', text: combineText, constants: {} },
    inputs: [partial],
    outputs: [stats, runningMean, runningVariance],
    u32: [groupRows, channels, slices, perSlice, groups],
    f32: [eps, momentum],
    threads: groups * channels,
  });
  device.release(partial);
  return stats;
}

interface Affine {
  x: tf.TensorInfo;
  gamma: tf.TensorInfo;
  beta: tf.TensorInfo;
  residual?: tf.TensorInfo | undefined;
}

/** statistics: [stats] in training, [running mean, running variance] in evaluation. */
function apply(
  { x, gamma, beta, residual }: Affine,
  source: tf.TensorInfo[],
  { eps, relu, groups }: { eps: number; relu: boolean; groups: number },
) {
  const device = gpu();
  const { VEC, perRow, all } = vectors(x);
  const y = device.activation(x.shape);
  const RUNNING = source.length - 1;
  device.dispatch({
    kernel: {
      name: 'batch-norm-apply',
      text: applyText,
      constants: {
        VEC,
        RUNNING,
        RESIDUAL: Number(residual !== undefined),
        RELU: Number(relu),
        GROUPED: Number(groups > 1),
      },
    },
    inputs: residual ? [x, gamma, beta, ...source, residual] : [x, gamma, beta, ...source],
    outputs: [y],
    u32: [all, perRow, all / groups],
    f32: [eps],
    threads: all,
  });
  return y;
}

interface Backward {
  dy: tf.TensorInfo;
  x: tf.TensorInfo;
  gamma: tf.TensorInfo;
  stats: tf.TensorInfo;
  /** Output, where a ReLU hid some of it. */
  y: tf.TensorInfo | undefined;
  groups: number;
  residual: boolean;
}

/** partial [slices, groups, 2, channels] summed over its slices, and over its groups too. */
function combineSums(partial: tf.TensorInfo, groups: number, channels: number) {
  if (groups === 1) {
    const sums = sumSlices(partial, [2, channels]);
    return { sums, total: sums };
  }
  const device = gpu();
  const sums = device.empty([groups, 2, channels]);
  const total = device.empty([2, channels]);
  const width = 2 * channels;
  device.dispatch({
    kernel: { name: 'batch-norm-gradient-combine', text: gradientCombineText, constants: {} },
    inputs: [partial],
    outputs: [sums, total],
    u32: [width, partial.shape[0] as number, groups],
    threads: width,
  });
  return { sums, total };
}

function gradients({ dy, x, gamma, stats, y, groups, residual }: Backward) {
  const device = gpu();
  const { VEC, perRow, all } = vectors(x);
  const channels = channelsOf(x);
  const { groupRows, slices, perSlice } = groupSlices(x, groups);
  const partial = device.empty([slices, groups, 2, channels]);
  const RELU = Number(y !== undefined);
  const behind = y ? [y] : [];
  device.dispatch({
    kernel: { name: 'batch-norm-gradient-sums', text: gradientSumsText, constants: { VEC, RELU } },
    inputs: [dy, x, stats, ...behind],
    outputs: [partial],
    u32: [groupRows, perRow, slices, perSlice, groups],
    threads: groups * slices * perRow,
  });
  const { sums, total } = combineSums(partial, groups, channels);
  device.release(partial);
  const dx = device.activation(x.shape);
  // Without a ReLU the residual's gradient is dy itself.
  const dResidual = residual && y ? device.activation(x.shape) : undefined;
  device.dispatch({
    kernel: {
      name: 'batch-norm-gradient',
      text: gradientText,
      constants: { VEC, RELU, SPLIT: Number(dResidual !== undefined), GROUPED: Number(groups > 1) },
    },
    inputs: [dy, x, stats, sums, gamma, ...behind],
    outputs: dResidual ? [dx, dResidual] : [dx],
    u32: [all, perRow, all / groups],
    f32: [1 / groupRows],
    threads: all,
  });
  const beta = device.empty([channels]);
  const dGamma = device.empty([channels]);
  device.copy(total, beta, { size: 4 * channels });
  device.copy(total, dGamma, { fromOffset: 4 * channels, size: 4 * channels });
  device.release(sums);
  if (total !== sums) device.release(total);
  return { x: dx, gamma: dGamma, beta, residual: dResidual ?? (residual ? shared(dy) : dx) };
}

const register = (name: string, relu: boolean) =>
  registerFused<Attributes>(name, {
    forward: (inputs, attributes) => {
      const affine = inputs as unknown as Affine;
      const stats = statistics(affine.x, attributes);
      return [apply(affine, [stats], { eps: attributes.eps, groups: attributes.groups, relu }), stats];
    },
    saved: ['x', 'gamma'],
    // Only a ReLU needs its output again.
    savedOutputs: [relu, true],
    backward: ([dy], [x, gamma, ...outputs], { groups, residual }) => {
      const stats = outputs.at(-1) as tf.Tensor;
      const y = relu ? outputs[0] : undefined;
      const all = together(() => gradients({ dy, x, gamma, stats, y, groups, residual }));
      return {
        x: () => all('x'),
        gamma: () => all('gamma'),
        beta: () => all('beta'),
        residual: () => all('residual'),
      };
    },
  });

const runPlain = register('TricklabBatchNorm', false);
const runRelu = register('TricklabBatchNormRelu', true);

const runWithRunning = registerFused<{ eps: number; relu: boolean }>('TricklabBatchNormEvaluation', {
  forward: (inputs, attributes) => {
    const { mean, variance } = inputs as Record<string, tf.TensorInfo>;
    const source = [mean as tf.TensorInfo, variance as tf.TensorInfo];
    return apply(inputs as unknown as Affine, source, { ...attributes, groups: 1 });
  },
});

/** Training; see Ops.batchNorm. */
export function batchNorm(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { eps, relu, residual, running, groups = 1 }: BatchNormSettings,
): tf.Tensor {
  const attributes = {
    eps,
    momentum: running.momentum,
    groups,
    residual: residual !== undefined,
    runningMean: running.mean,
    runningVariance: running.variance,
  };
  const run = relu ? runRelu : runPlain;
  return run(residual ? { x, gamma, beta, residual } : { x, gamma, beta }, attributes)[0] as tf.Tensor;
}

/** Evaluation; see Ops.normalize. */
export function normalize(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { eps, relu, residual, mean, variance }: EvaluationNormSettings,
): tf.Tensor {
  const inputs = { x, gamma, beta, mean, variance };
  return runWithRunning(residual ? { ...inputs, residual } : inputs, { eps, relu })[0] as tf.Tensor;
}
