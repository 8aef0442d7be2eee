/** timm's Lars and LARC (You et al. 2017, arXiv 1708.03888): SGD, and two dispatches before it for the trust ratios. */
import * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../../gpu/dispatch';
import { kernelOf } from '../../../gpu/kernel';
import { WORKGROUP } from '../../../gpu/wgsl';
import { BLOCK, blocksOf, table } from '../../flat';
import type { Kind, ParameterUpdate, RuleDefinition, Weights } from '../define';
import { decayed, momentumOver, momentumUpdate } from '../sgd';
import blockSquaresText from './block-squares.wgsl?raw';
import trustRatioText from './trust-ratio.wgsl?raw';

const blockSquaresKernel = kernelOf({
  name: 'block-squares',
  body: blockSquaresText,
  tensors: { w: 'read vec4f', g: 'read vec4f', partial: 'write vec2f' },
  uniforms: { blocks: 'u32' },
  constants: ['BLOCK'],
});

const trustRatioKernel = kernelOf({
  name: 'trust-ratio',
  body: trustRatioText,
  tensors: { partial: 'read vec2f', places: 'read vec2u', rates: 'read f32', clip: 'read f32?', ratios: 'write f32' },
  uniforms: { parameters: 'u32', eta: 'f32', eps: 'f32' },
  constants: ['LARC'],
});

/** The trust ratios, one for each parameter that decays. */
function trustRatios({ eta, eps, clip: larc }: Kind<'lars'>, arena: Weights) {
  const blocks = arena.decayingPlaces.map(blocksOf);
  const places = table(blocks.flat());
  const owners = table(blocks.flatMap(([, count], owner) => new Array<number>(count).fill(owner)));
  return {
    owners,
    /** [parameters], released by the caller. */
    compute(rates: tf.TensorInfo, clip: tf.TensorInfo | undefined): tf.TensorInfo {
      const device = gpu();
      const count = arena.decaying / BLOCK;
      const partial = device.empty([count, 2]);
      device.dispatch(blockSquaresKernel, {
        tensors: { w: arena.weights, g: arena.gradients, partial },
        uniforms: { blocks: count },
        constants: { BLOCK },
        threads: count,
      });
      const ratios = device.empty([blocks.length]);
      device.dispatch(trustRatioKernel, {
        tensors: { partial, places, rates, clip, ratios },
        uniforms: { parameters: blocks.length, eta, eps },
        constants: { LARC: Number(larc) },
        threads: WORKGROUP * blocks.length,
      });
      device.release(partial);
      return ratios;
    },
    dispose: () => tf.dispose([places, owners]),
  };
}

/** Scalar r. */
function trustRatio(
  { eta, eps, clip }: Kind<'lars'>,
  { weight, gradient, weightDecay, lr }: ParameterUpdate,
): tf.Tensor {
  const norm = (x: tf.Tensor) => tf.sqrt(tf.sum(tf.square(x)));
  const [w, g] = [norm(weight), norm(gradient)];
  const known = tf.logicalAnd(tf.greater(w, 0), tf.greater(g, 0));
  const ratio = tf.div(tf.mul(w, eta), tf.add(tf.add(g, tf.mul(w, weightDecay)), eps));
  const r = tf.where(known, ratio, tf.onesLike(ratio));
  if (!clip) return r;
  // The rate may be 0, in a warmup.
  return lr > 0 ? tf.minimum(tf.div(r, lr), 1) : tf.onesLike(r);
}

export const lars: RuleDefinition<'lars'> = {
  fused(rule, decays, arena) {
    const momentum = momentumOver(rule, arena);
    const trust = decays && arena.decaying > 0 ? trustRatios(rule, arena) : undefined;
    return {
      begin: momentum.begin,
      update(clip) {
        if (!trust) return momentum.update(clip);
        const ratios = trust.compute(momentum.rates, clip);
        momentum.update(clip, { owners: trust.owners, ratios });
        gpu().release(ratios);
      },
      dispose() {
        momentum.dispose();
        trust?.dispose();
      },
    };
  },
  reference(rule, asked) {
    const g = asked.weightDecay > 0 ? tf.mul(decayed(asked), trustRatio(rule, asked)) : asked.gradient;
    return momentumUpdate(rule, g, asked);
  },
};
