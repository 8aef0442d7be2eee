/** torch.optim.SGD, classical or Nesterov (Sutskever et al. 2013), over all weights in one dispatch; LARS scales what decays. */
import * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../../gpu/dispatch';
import { kernelOf } from '../../../gpu/kernel';
import { BLOCK, zeros } from '../../flat';
import type { Kind, ParameterUpdate, Rates, RuleDefinition, Updated, Weights } from '../define';
import sgdText from './sgd.wgsl?raw';

const kernel = kernelOf({
  name: 'sgd',
  body: sgdText,
  tensors: {
    g: 'read vec4f',
    rates: 'read f32',
    clip: 'read f32?',
    owners: 'read u32?',
    ratios: 'read f32?',
    w: 'write vec4f',
    v: 'write vec4f',
  },
  uniforms: { size: 'u32', decaying: 'u32', nesterov: 'u32', momentum: 'f32' },
  constants: ['BLOCK'],
});

type Momentum = Pick<Kind<'sgd'>, 'momentum' | 'nesterov'>;

/** What LARS multiplies the gradients of the parameters that decay with. */
interface Trust {
  /** Number of the parameter of each BLOCK vec4. */
  owners: tf.TensorInfo;
  /** By parameter. */
  ratios: tf.TensorInfo;
}

/** The state of SGD over an arena. */
export function momentumOver({ momentum, nesterov }: Momentum, arena: Weights) {
  const { size, decaying, weights, gradients } = arena;
  // Learning rate and weight decay.
  const rates = zeros(1);
  const velocities = zeros(size);
  return {
    rates,
    begin: ({ lr, weightDecay }: Rates) => gpu().write(rates, Float32Array.of(lr, weightDecay)),
    update: (clip: tf.TensorInfo | undefined, trust?: Trust) =>
      gpu().dispatch(kernel, {
        tensors: { g: gradients, rates, clip, ...trust, w: weights, v: velocities },
        uniforms: { size, decaying, nesterov: Number(nesterov), momentum },
        constants: { BLOCK },
        threads: size,
      }),
    dispose: () => tf.dispose([rates, velocities]),
  };
}

/** One parameter, whose gradient g has its decay already. */
export function momentumUpdate(
  { momentum, nesterov }: Momentum,
  g: tf.Tensor,
  { weight, moments, lr }: ParameterUpdate,
): Updated {
  const v = tf.add(tf.mul(moments[0] as tf.Tensor, momentum), g);
  const direction = nesterov ? tf.add(g, tf.mul(v, momentum)) : v;
  return { weight: tf.sub(weight, tf.mul(direction, lr)), moments: [v] };
}

/** The gradient with its weight decay. */
export const decayed = ({ gradient, weight, weightDecay }: ParameterUpdate): tf.Tensor =>
  weightDecay > 0 ? tf.add(gradient, tf.mul(weight, weightDecay)) : gradient;

export const sgd: RuleDefinition<'sgd'> = {
  fused: (rule, _decays, arena) => momentumOver(rule, arena),
  reference: (rule, asked) => momentumUpdate(rule, decayed(asked), asked),
};
