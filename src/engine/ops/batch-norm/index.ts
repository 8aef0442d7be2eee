/**
 * Batch norm over all axes but the last, with an optional residual before an optional ReLU, three dispatches each way.
 * Ioffe and Szegedy 2015 (arXiv 1502.03167); running statistics as in PyTorch (unbiased variance). Training may cut the batch
 * into groups, consecutive parts that are each normalised by their own statistics, in as many dispatches.
 */
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { lastOf, type Shape, sizeOf } from '../../../core/shape';
import { type Array64, map64, moments64 } from '../array64';
import { type Context, defineOp, type Tf, together } from '../define';
import { applied, type BatchNormAttributes, gradients, statistics } from './passes';

/** running += momentum * (value - running). */
const move = (tf: Tf, running: Variable, value: Tensor, momentum: number) =>
  running.assign(tf.add(tf.mul(running, 1 - momentum), tf.mul(value, momentum)));

/** With given statistics [channels]. */
function normalize64(
  { x, gamma, beta, residual }: { x: Array64; gamma: Array64; beta: Array64; residual?: Array64 | undefined },
  statistics: (i: number) => { mean: number; variance: number },
  { eps, relu }: { eps: number; relu: boolean },
): Array64 {
  const channels = lastOf(x.shape);
  return map64(x, (value, i) => {
    const { mean, variance } = statistics(i);
    const normal = (value - mean) / Math.sqrt(variance + eps);
    const y = normal * (gamma.data[i % channels] as number) + (beta.data[i % channels] as number);
    const sum = y + (residual?.data[i] ?? 0);
    return relu ? Math.max(sum, 0) : sum;
  });
}

const eps = 1e-5;

/** The same with and without ReLU and residual. */
const trainingCases = (
  [
    ['vec4 channels', [2, 3, 3, 8], 1],
    ['odd channels', [2, 2, 3, 5], 1],
    ['one channel, batch of one', [1, 4, 3, 1], 1],
    ['one pixel', [4, 1, 1, 3], 1],
    ['more rows than one slice', [3, 8, 8, 4], 1],
    ['vec4 channels in two groups', [4, 2, 3, 4], 2],
    ['odd channels in three groups', [3, 3, 2, 5], 3],
    ['more channels than a workgroup has threads, in two groups', [4, 2, 1, 131], 2],
    ['one channel in two groups of one image', [2, 4, 3, 1], 2],
  ] satisfies [string, number[], number][]
).flatMap(([name, x, groups]) =>
  [false, true].flatMap((relu) =>
    [false, true].map((residual) => ({
      name: `${name}, ${relu ? 'with' : 'without'} ReLU, ${residual ? 'with' : 'without'} residual`,
      inputs: {
        x,
        gamma: x.slice(3),
        beta: x.slice(3),
        runningMean: x.slice(3),
        runningVariance: x.slice(3),
        ...(residual ? { residual: x } : {}),
      },
      attributes: { eps, relu, momentum: 0.1, groups },
    })),
  ),
);

/** Training: with the batch's own statistics. */
export const batchNorm = defineOp<BatchNormAttributes>()({
  name: 'batchNorm',
  inputs: {
    x: 'activation',
    gamma: 'parameter',
    beta: 'parameter',
    residual: 'activation?',
    runningMean: 'state',
    runningVariance: 'state',
  },
  outputs: ['y', 'stats'],
  shape: ({ x }) => x,
  check({ x }, { groups }) {
    const batch = x[0] as number;
    if (batch % groups !== 0)
      throw new Error(
        `A batch of ${batch} cannot be cut into ${groups} equal replicas: choose a multiple of ${groups}.`,
      );
    if (sizeOf(x) / lastOf(x) / groups < 2) {
      const who = groups > 1 ? ' in each replica: use fewer replicas,' : ': use';
      throw new Error(`Batch norm needs more than one value per channel${who} a larger batch or larger images.`);
    }
  },
  kernels: {
    forward(gpu, { x, gamma, beta, residual, runningMean, runningVariance }, attributes) {
      const stats = statistics(gpu, x, { runningMean, runningVariance }, attributes);
      return { y: applied(gpu, { x, gamma, beta, residual, stats }, attributes), stats };
    },
    // Only a ReLU needs its output again.
    keeps: ({ relu }) => (relu ? ['x', 'gamma', 'y', 'stats'] : ['x', 'gamma', 'stats']),
    gradients(gpu, dy, { x, gamma, stats, y }, { relu, groups }, given) {
      const residual = given.residual !== undefined;
      const all = together(() =>
        gradients(gpu, { dy, x, gamma, stats, y: relu ? y : undefined }, { groups, residual }),
      );
      return {
        x: () => all('x'),
        gamma: () => all('gamma'),
        beta: () => all('beta'),
        residual: () => all('residual'),
      };
    },
  },
  reference(tf, { x, gamma, beta, residual, runningMean, runningVariance }, { eps, relu, momentum, groups }) {
    const channels = lastOf(x.shape);
    const rows = x.size / channels / groups;
    const inGroups = (tensor: Tensor) => tf.reshape(tensor, [groups, rows, channels]);
    const ofFirst = (statistic: Tensor) => tf.reshape(tf.slice(statistic, 0, 1), [channels]);

    const run = tf.customGrad((...args) => {
      const save = args.pop() as unknown as (tensors: Tensor[]) => void;
      const [input, weight, shift, shortcut] = args as Tensor[] as [Tensor, Tensor, Tensor, Tensor?];
      const flat = inGroups(input);
      const mean = tf.mean(flat, 1, true); // [groups, 1, channels]
      const centered = tf.sub(flat, mean);
      const variance = tf.mean(tf.square(centered), 1, true);
      const inverse = tf.rsqrt(tf.add(variance, eps));
      const normal = tf.mul(centered, inverse);
      move(tf, runningMean, ofFirst(mean), momentum);
      move(tf, runningVariance, tf.mul(ofFirst(variance), rows / (rows - 1)), momentum);

      let value: Tensor = tf.add(tf.mul(normal, weight), shift);
      if (shortcut) value = tf.add(value, inGroups(shortcut));
      if (relu) value = tf.relu(value);
      save(relu ? [normal, inverse, weight, value] : [normal, inverse, weight]);

      const gradFunc = (dyShaped: Tensor, saved: Tensor[]) => {
        const [xhat, invStd, scale, output] = saved as [Tensor, Tensor, Tensor, Tensor?];
        const flatDy = inGroups(dyShaped);
        const dy = output ? tf.mul(flatDy, tf.step(output)) : flatDy;
        const dBeta = tf.sum(dy, 1, true);
        const dGamma = tf.sum(tf.mul(dy, xhat), 1, true);
        // dx = gamma / std * (dy - mean(dy) - xhat mean(dy xhat))
        const fromMeans = tf.add(tf.mul(xhat, tf.div(dGamma, rows)), tf.div(dBeta, rows));
        const dx = tf.mul(tf.sub(dy, fromMeans), tf.mul(scale, invStd));
        const all = [tf.reshape(dx, x.shape), tf.sum(dGamma, [0, 1]), tf.sum(dBeta, [0, 1])];
        return residual ? [...all, tf.reshape(dy, x.shape)] : all;
      };
      return { value: tf.reshape(value, x.shape), gradFunc };
    });
    return { y: residual ? run(x, gamma, beta, residual) : run(x, gamma, beta) };
  },
  float64({ x, gamma, beta, residual }, { eps, relu, groups }) {
    const channels = lastOf(x.shape);
    const perGroup = x.data.length / groups;
    const all = Array.from({ length: groups * channels }, (_, at) =>
      moments64(x.data, {
        start: Math.floor(at / channels) * perGroup + (at % channels),
        stride: channels,
        count: perGroup / channels,
      }),
    );
    const of = (i: number) =>
      all[Math.floor(i / perGroup) * channels + (i % channels)] as { mean: number; variance: number };
    return normalize64({ x, gamma, beta, residual }, of, { eps, relu });
  },
  fillings: { runningVariance: 'positive' },
  cases: trainingCases,
});

/** Evaluation: with given statistics. */
export const normalize = defineOp<Pick<BatchNormAttributes, 'eps' | 'relu'>>()({
  name: 'normalize',
  inputs: {
    x: 'activation',
    gamma: 'parameter',
    beta: 'parameter',
    residual: 'activation?',
    mean: 'constant',
    variance: 'constant',
  },
  outputs: ['y'],
  shape: ({ x }) => x,
  kernels: {
    forward: (gpu, { x, gamma, beta, residual, mean, variance }, attributes) => ({
      y: applied(
        gpu,
        { x, gamma, beta, residual, runningMean: mean, runningVariance: variance },
        { ...attributes, groups: 1 },
      ),
    }),
    keeps: () => [],
  },
  reference(tf, { x, gamma, beta, residual, mean, variance }, { eps, relu }) {
    const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, eps)));
    const y = tf.add(tf.mul(x, scale), tf.sub(beta, tf.mul(mean, scale)));
    const sum = residual ? tf.add(y, residual) : y;
    return { y: relu ? tf.relu(sum) : sum };
  },
  float64({ x, gamma, beta, residual, mean, variance }, attributes) {
    const channels = lastOf(x.shape);
    const of = (i: number) => ({
      mean: mean.data[i % channels] as number,
      variance: variance.data[i % channels] as number,
    });
    return normalize64({ x, gamma, beta, residual }, of, attributes);
  },
  fillings: { variance: 'positive' },
  cases: [
    {
      name: 'odd channels',
      inputs: { x: [2, 3, 3, 6], gamma: [6], beta: [6], mean: [6], variance: [6] },
      attributes: { eps, relu: false },
    },
    {
      name: 'vec4 channels with residual and ReLU',
      inputs: { x: [2, 3, 2, 8], gamma: [8], beta: [8], residual: [2, 3, 2, 8], mean: [8], variance: [8] },
      attributes: { eps, relu: true },
    },
  ],
});

export interface BatchNormOptions {
  /** Initial gamma. 0 for the last norm of a block under zero gamma. Default 1. */
  gamma?: 0 | 1;
  /** ReLU after the affine (and the residual). */
  relu?: boolean;
  /** Default 1e-5. */
  eps?: number;
  /** Share of the new batch in the running statistics; default .1, PyTorch's. */
  momentum?: number;
}

const vector = (shape: Shape, kind: 'zeros' | 'ones') => ({ shape, layout: 'plain', init: { kind } }) as const;

/** Batch norm over all axes but the last; residual, if given, is added before the ReLU. Names are those of PyTorch's BatchNorm2d. */
export const batchNormLayer =
  <T>({ shape, parameter, state, apply, training, normGroups }: Context<T>) =>
  (x: T, name: string, options: BatchNormOptions = {}, residual?: T): T => {
    const { gamma: start = 1, relu = false, eps = 1e-5, momentum = 0.1 } = options;
    const channels = [lastOf(shape(x))];
    const gamma = parameter(`${name}.weight`, vector(channels, start === 0 ? 'zeros' : 'ones'));
    const beta = parameter(`${name}.bias`, vector(channels, 'zeros'));
    const mean = state(`${name}.running_mean`, channels, 0);
    const variance = state(`${name}.running_var`, channels, 1);
    const affine = { x, gamma, beta, residual };
    if (!training) return apply(normalize, { ...affine, mean, variance }, { eps, relu });
    return apply(
      batchNorm,
      { ...affine, runningMean: mean, runningVariance: variance },
      { eps, relu, momentum, groups: normGroups },
    );
  };
