/** How weights are updated from their gradients: the contract between the catalog that plans it and the engine that does it. */
import type { Moment } from './moment';

/** One step from a gradient; w -= lr times its direction. */
export type UpdateRule =
  /** torch.optim.SGD: g += wd w; v = momentum v + g; direction v, or g + momentum v with Nesterov. */
  | { kind: 'sgd'; momentum: number; nesterov: boolean }
  /**
   * torch.optim.AdamW: w -= lr wd w; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
   * direction m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps), t the number of the update from 1.
   */
  | { kind: 'adamw'; beta1: number; beta2: number; eps: number }
  /**
   * timm's Lars: SGD on r (g + wd w), with a trust ratio r = eta |w| / (|g| + wd |w| + eps) for each parameter, 1 where a norm is
   * 0; clip (LARC): min(r / lr, 1). As there, a weight decay of 0 leaves plain SGD. Parameters with <= 1 dimension have r = 1 and
   * no decay, whatever decayVectors says: timm has that from its default parameter groups, the paper (You et al. 2017) always.
   */
  | { kind: 'lars'; momentum: number; nesterov: boolean; eta: number; eps: number; clip: boolean };

/** What is true of a rule whatever its numbers. */
export const ruleFacts: Readonly<
  Record<
    UpdateRule['kind'],
    {
      /** Numbers kept of each weight from one update to the next. */
      moments: number;
      /** Parameters with <= 1 dimension never decay, whatever decayVectors says. */
      sparesVectors: boolean;
    }
  >
> = {
  sgd: { moments: 1, sparesVectors: false },
  adamw: { moments: 2, sparesVectors: false },
  lars: { moments: 1, sparesVectors: true },
};

/** A moving average of the weights and running statistics, timm's ModelEmaV3. */
export interface Averaging {
  /** Share of the old average that an update keeps. */
  decay: number;
  /** Starts with a small decay: the share after n updates is at most 1 - n^(-2/3). */
  warmup: boolean;
}

export interface OptimizerPlan {
  rule: UpdateRule;
  weightDecay: number;
  /** Factor on the weight decay at a moment; undefined: always 1. Read anew for every update, so that it costs nothing to vary. */
  decayFactor?: (at: Moment) => number;
  /** Weight decay on parameters with <= 1 dimension (biases, gamma, beta) too. */
  decayVectors: boolean;
  /** Norm over all gradients of an update, above which they are scaled down to it; undefined: never. */
  clipNorm?: number;
  /** Undefined: no average is kept. */
  averaging?: Averaging;
}

/** Decay of an update, from 1. The first one copies: what was there before training has no part in the average. */
export function averagingDecay({ decay, warmup }: Averaging, update: number): number {
  if (update <= 1) return 0;
  return warmup ? Math.min(decay, 1 - update ** (-2 / 3)) : decay;
}

/** Copies of every weight that training holds: the weight, its gradient, its moments, and what switches add. */
export function copiesPerWeight({ rule, averaging }: OptimizerPlan, accumulating: boolean): number {
  return 2 + ruleFacts[rule.kind].moments + (averaging ? 1 : 0) + (accumulating ? 1 : 0);
}
