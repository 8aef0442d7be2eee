/** The tensor layer on tfjs: core/layers.ts with PyTorch's arithmetic and initial values, over the ops of an engine. */
import * as tf from '@tensorflow/tfjs-core';
import { checkGroupedChannels, type Init, type Layers } from '../core/layers';
import type { Ops, StepNumber } from './ops';
import type { Parameters } from './parameters';

export interface LayersContext {
  ops: Ops;
  /** Batch statistics, dropout and drop path when true; running statistics when false. */
  training: boolean;
  /** Seed of the run. */
  seed: number;
  /**
   * Into how many equal parts training batch norm cuts the batch: replicas that do not share their statistics. Default 1, the whole
   * batch.
   */
  normGroups?: number;
  /** Forward pass within the run: another value, other dropout masks. */
  step: StepNumber;
}

const last = (shape: readonly number[]) => shape.at(-1) as number;

function unavailable(what: string): never {
  throw new Error(`The engine has no ${what} yet.`);
}

/** Throws in words if batch norm over the groups of a batch is impossible. */
function checkGroups(x: tf.Tensor, groups: number): void {
  const batch = x.shape[0] as number;
  if (batch % groups !== 0)
    throw new Error(`A batch of ${batch} cannot be cut into ${groups} equal replicas: choose a multiple of ${groups}.`);
  if (x.size / last(x.shape) / groups < 2) {
    const who = groups > 1 ? ' in each replica: use fewer replicas,' : ': use';
    throw new Error(`Batch norm needs more than one value per channel${who} a larger batch or larger images.`);
  }
}

/**
 * Layers over tfjs tensors for one forward pass. Call within tf.tidy or a gradient; running statistics are updated as the pass
 * goes, in training only, and survive the tidy. Run the model once (in evaluation, one zero image) to make its parameters
 * before asking for gradients: variableGrads must know the variables.
 */
export function createLayers(
  parameters: Parameters,
  { ops, training, normGroups = 1, seed, step }: LayersContext,
): Layers<tf.Tensor> {
  const vector = (name: string, channels: number, init: Init = { kind: 'zeros' }) =>
    parameters.get(name, { shape: [channels], layout: 'plain', init });

  return {
    shape: (x) => x.shape,

    conv(
      x,
      name,
      {
        out,
        kernel,
        stride = 1,
        padding = 0,
        groups = 1,
        bias: withBias = false,
        init = { kind: 'kaiming-normal-fan-out' },
      },
    ) {
      const channels = last(x.shape);
      checkGroupedChannels(name, channels, out, groups);
      const depthwise = groups > 1 && groups === channels;
      if (groups > 1 && !(depthwise && out === channels)) unavailable('grouped convolution');
      const filter = parameters.get(`${name}.weight`, {
        shape: [out, channels / groups, kernel, kernel],
        layout: depthwise ? 'depthwise-conv' : 'conv',
        init,
      }) as tf.Tensor4D;
      const bias = withBias ? vector(`${name}.bias`, out) : undefined;
      const convolve = depthwise ? ops.depthwiseConv : ops.conv;
      return convolve(x as tf.Tensor4D, filter, bias, { stride, padding });
    },

    batchNorm(x, name, { gamma: start = 1, relu = false, eps = 1e-5, momentum = 0.1 } = {}, residual) {
      const channels = last(x.shape);
      const gamma = vector(`${name}.weight`, channels, { kind: start === 0 ? 'zeros' : 'ones' });
      const beta = vector(`${name}.bias`, channels);
      const mean = parameters.buffer(`${name}.running_mean`, [channels], 0);
      const variance = parameters.buffer(`${name}.running_var`, [channels], 1);
      if (!training) return ops.normalize(x, gamma, beta, { eps, relu, residual, mean, variance });
      const running = { mean, variance, momentum };
      checkGroups(x, normGroups);
      return ops.batchNorm(x, gamma, beta, { eps, relu, residual, running, groups: normGroups });
    },

    layerNorm(x, name, { eps }) {
      const channels = last(x.shape);
      const gamma = vector(`${name}.weight`, channels, { kind: 'ones' });
      return ops.layerNorm(x, gamma, vector(`${name}.bias`, channels), eps);
    },

    linear(x, name, { out, bias: withBias = true, init }) {
      const channels = last(x.shape);
      const plain: Init = { kind: 'uniform', bound: 1 / Math.sqrt(channels) };
      const weight = parameters.get(`${name}.weight`, {
        shape: [out, channels],
        layout: 'linear',
        init: init ?? plain,
      });
      const bias = withBias ? vector(`${name}.bias`, out, init ? { kind: 'zeros' } : plain) : undefined;
      const y = ops.linear(tf.reshape(x, [-1, channels]) as tf.Tensor2D, weight as tf.Tensor2D, bias);
      return tf.reshape(y, [...x.shape.slice(0, -1), out]);
    },

    relu: ops.relu,
    gelu: ops.gelu,
    swish: ops.swish,
    add: ops.add,
    sigmoid: () => unavailable('sigmoid'),
    hardSigmoid: () => unavailable('hard sigmoid'),
    hardSwish: () => unavailable('hard swish'),
    multiply: () => unavailable('multiply'),
    concat: () => unavailable('concat'),
    parameter: (name, shape, init) => parameters.get(name, { shape: [...shape], layout: 'plain', init }),
    maxPool: (x, options) => ops.maxPool(x as tf.Tensor4D, options),
    avgPool: (x, options) => ops.avgPool(x as tf.Tensor4D, options),
    globalAvgPool: (x) => ops.globalAvgPool(x as tf.Tensor4D),
    reshape: (x, shape) => tf.reshape(x, shape),

    attention(q, k, v, { heads, scale, biasName }) {
      const bias = parameters.get(biasName, {
        shape: [heads, q.shape[1] as number, k.shape[1] as number],
        layout: 'plain',
        init: { kind: 'normal', std: 1 },
      });
      return ops.attention(q, k, v, bias, { heads, scale });
    },

    dropPath: (x, name, rate) =>
      training && rate > 0 ? ops.drop(x, { rate, per: 'sample', seed, name: `drop-path/${name}`, step }) : x,

    dropout: (x, name, rate) =>
      training && rate > 0 ? ops.drop(x, { rate, per: 'number', seed, name: `dropout/${name}`, step }) : x,
  };
}
