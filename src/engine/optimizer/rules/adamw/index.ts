/** torch.optim.AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) over all weights in one dispatch. */
import * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../../gpu/dispatch';
import { kernelOf } from '../../../gpu/kernel';
import { zeros } from '../../flat';
import type { RuleDefinition } from '../define';
import adamwText from './adamw.wgsl?raw';

const kernel = kernelOf({
  name: 'adamw',
  body: adamwText,
  tensors: {
    g: 'read vec4f',
    rates: 'read f32',
    clip: 'read f32?',
    w: 'write vec4f',
    m: 'write vec4f',
    v: 'write vec4f',
  },
  uniforms: {
    size: 'u32',
    decaying: 'u32',
    beta1: 'f32',
    rest1: 'f32',
    beta2: 'f32',
    rest2: 'f32',
    eps: 'f32',
  },
});

export const adamw: RuleDefinition<'adamw'> = {
  fused({ beta1, beta2, eps }, _decays, { size, decaying, weights, gradients }) {
    // lr wd, lr / (1 - b1^t), sqrt(1 - b2^t).
    const rates = zeros(1);
    const [means, squares] = [zeros(size), zeros(size)];
    return {
      begin: ({ lr, weightDecay, update }) =>
        gpu().write(
          rates,
          Float32Array.of(lr * weightDecay, lr / (1 - beta1 ** update), Math.sqrt(1 - beta2 ** update)),
        ),
      update: (clip) =>
        gpu().dispatch(kernel, {
          tensors: { g: gradients, rates, clip, w: weights, m: means, v: squares },
          uniforms: { size, decaying, beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, eps },
          constants: {},
          threads: size,
        }),
      dispose: () => tf.dispose([rates, means, squares]),
    };
  },
  reference({ beta1, beta2, eps }, { weight, gradient, weightDecay, moments, lr, update }) {
    const m = tf.add(tf.mul(moments[0] as tf.Tensor, beta1), tf.mul(gradient, 1 - beta1));
    const v = tf.add(tf.mul(moments[1] as tf.Tensor, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const size = tf.add(tf.div(tf.sqrt(v), Math.sqrt(1 - beta2 ** update)), eps);
    const change = tf.mul(tf.div(m, size), lr / (1 - beta1 ** update));
    return { weight: tf.sub(tf.mul(weight, 1 - lr * weightDecay), change), moments: [m, v] };
  },
};
