/** The contract of an update rule of core/optimizer.ts: how the arena is updated in one go, and the same parameter by parameter. */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { UpdateRule } from '../../../core/optimizer';
import type { Place } from '../flat';

/** What a rule sees of the arena. */
export interface Weights {
  /** vec4 in all, and of those the first ones that decay. */
  size: number;
  decaying: number;
  /** The parameters that decay. */
  decayingPlaces: readonly Place[];
  weights: Tensor;
  gradients: Tensor;
}

/** What changes from update to update. */
export interface Rates {
  lr: number;
  weightDecay: number;
  /** Number of the update, from 1. */
  update: number;
}

/** A rule at work over an arena. */
export interface Rule {
  /** Writes what an update reads. */
  begin(rates: Rates): void;
  /** One update of all weights, in place. clip: a factor on the gradients, [1]. */
  update(clip: TensorInfo | undefined): void;
  dispose(): void;
}

/** An update of one parameter in plain tfjs ops. */
export interface ParameterUpdate {
  weight: Tensor;
  gradient: Tensor;
  /** Of this parameter: 0 where it is spared. */
  weightDecay: number;
  /** What the rule kept of the parameter's last update; zeros before the first. */
  moments: readonly Tensor[];
  lr: number;
  /** Number of the update, from 1. */
  update: number;
}

export interface Updated {
  weight: Tensor;
  moments: Tensor[];
}

export type Kind<K extends UpdateRule['kind']> = Extract<UpdateRule, { kind: K }>;

export interface RuleDefinition<K extends UpdateRule['kind']> {
  /** One dispatch for all weights, and what it needs before. decays: there is a weight decay. */
  fused(rule: Kind<K>, decays: boolean, arena: Weights): Rule;
  reference(rule: Kind<K>, asked: ParameterUpdate): Updated;
}
