/** The update rules of core/optimizer.ts over an arena: one dispatch for all weights; LARS takes two more for its ratios. */
import * as tf from '@tensorflow/tfjs-core';
import type { OptimizerPlan, UpdateRule } from '../../../core/optimizer';
import { gpu } from '../../gpu/dispatch';
import { WORKGROUP } from '../../gpu/wgsl';
import adamwText from './adamw.wgsl?raw';
import blockSquaresText from './block-squares.wgsl?raw';
import { BLOCK, blocksOf, type Place, table, zeros } from './flat';
import sgdText from './sgd.wgsl?raw';
import trustRatioText from './trust-ratio.wgsl?raw';

/** What a rule sees of the arena. */
export interface Weights {
  /** vec4 in all, and of those the first ones that decay. */
  size: number;
  decaying: number;
  /** The parameters that decay. */
  decayingPlaces: readonly Place[];
  weights: tf.Tensor;
  gradients: tf.Tensor;
}

export interface Rule {
  /** Writes the rate of an update, counted from 1. */
  begin(lr: number, update: number): void;
  /** One update of all weights, in place. clip: a factor on the gradients, [1]. */
  update(clip: tf.TensorInfo | undefined): void;
  dispose(): void;
}

type Kind<K extends UpdateRule['kind']> = Extract<UpdateRule, { kind: K }>;

const given = (clip: tf.TensorInfo | undefined) => (clip ? [clip] : []);

function adamw({ beta1, beta2, eps }: Kind<'adamw'>, weightDecay: number, arena: Weights): Rule {
  const { size, decaying, weights, gradients } = arena;
  const rates = zeros(1);
  const [means, squares] = [zeros(size), zeros(size)];
  return {
    begin(lr, update) {
      const values = [lr * weightDecay, lr / (1 - beta1 ** update), Math.sqrt(1 - beta2 ** update)];
      gpu().write(rates, Float32Array.from(values));
    },
    update(clip) {
      gpu().dispatch({
        kernel: { name: 'adamw', text: adamwText, constants: { CLIP: Number(clip !== undefined) } },
        inputs: [gradients, rates, ...given(clip)],
        outputs: [weights, means, squares],
        u32: [size, decaying],
        f32: [beta1, 1 - beta1, beta2, 1 - beta2, eps],
        threads: size,
      });
    },
    dispose: () => tf.dispose([rates, means, squares]),
  };
}

/** The trust ratios of LARS, one for each parameter that decays. */
function trustRatios({ eta, eps, clip: larc }: Kind<'lars'>, weightDecay: number, arena: Weights) {
  const blocks = arena.decayingPlaces.map(blocksOf);
  const places = table(blocks.flat());
  const owners = table(blocks.flatMap(([, count], owner) => new Array<number>(count).fill(owner)));
  return {
    owners,
    /** [parameters], released by the caller. */
    compute(lr: tf.TensorInfo, clip: tf.TensorInfo | undefined): tf.TensorInfo {
      const device = gpu();
      const count = arena.decaying / BLOCK;
      const partial = device.empty([count, 2]);
      device.dispatch({
        kernel: { name: 'block-squares', text: blockSquaresText, constants: { BLOCK } },
        inputs: [arena.weights, arena.gradients],
        outputs: [partial],
        u32: [count],
        threads: count,
      });
      const ratios = device.empty([blocks.length]);
      device.dispatch({
        kernel: {
          name: 'trust-ratio',
          text: trustRatioText,
          constants: { CLIP: Number(clip !== undefined), LARC: Number(larc) },
        },
        inputs: [partial, places, ...(larc ? [lr] : []), ...given(clip)],
        outputs: [ratios],
        u32: [blocks.length],
        f32: [eta, weightDecay, eps],
        threads: WORKGROUP * blocks.length,
      });
      device.release(partial);
      return ratios;
    },
    dispose: () => tf.dispose([places, owners]),
  };
}

function sgd(rule: Kind<'sgd' | 'lars'>, weightDecay: number, arena: Weights): Rule {
  const { size, decaying, weights, gradients } = arena;
  const lr = zeros(1);
  const velocities = zeros(size);
  const adapts = rule.kind === 'lars' && weightDecay > 0 && decaying > 0;
  const trust = adapts ? trustRatios(rule, weightDecay, arena) : undefined;
  return {
    begin: (rate) => gpu().write(lr, Float32Array.of(rate)),
    update(clip) {
      const ratios = trust?.compute(lr, clip);
      gpu().dispatch({
        kernel: {
          name: 'sgd',
          text: sgdText,
          constants: { CLIP: Number(clip !== undefined), LARS: Number(trust !== undefined), BLOCK },
        },
        inputs: [gradients, lr, ...given(clip), ...(trust && ratios ? [trust.owners, ratios] : [])],
        outputs: [weights, velocities],
        u32: [size, decaying, Number(rule.nesterov)],
        f32: [rule.momentum, weightDecay],
        threads: size,
      });
      if (ratios) gpu().release(ratios);
    },
    dispose() {
      tf.dispose([lr, velocities]);
      trust?.dispose();
    },
  };
}

export function createRule({ rule, weightDecay }: OptimizerPlan, arena: Weights): Rule {
  switch (rule.kind) {
    case 'sgd':
    case 'lars':
      return sgd(rule, weightDecay, arena);
    case 'adamw':
      return adamw(rule, weightDecay, arena);
    default:
      return rule satisfies never;
  }
}
