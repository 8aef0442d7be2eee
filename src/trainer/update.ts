/** One update, readable top to bottom: mixing, targets, then forward, backward and update by the engine. */
import type { MixPlan } from '../catalog/define';
import type { Moment } from '../core/moment';
import type { Totals } from '../core/results';
import type { Batch } from '../data/types';
import * as engine from '../engine';
import type { TrainingPlan } from '../experiment/plan';
import type { Network } from './network';

export interface UpdatePosition {
  epoch: number;
  /** Index in the epoch of the update's first micro-batch. */
  firstBatch: number;
  /** Updates done before this one. */
  update: number;
}

function pixelMix(mix: MixPlan): engine.Mix {
  switch (mix.kind) {
    case 'none':
      return engine.noMix;
    case 'mixup':
      return { ...engine.noMix, lambda: mix.lambda };
    case 'cutmix':
      return { ...engine.noMix, box: mix.box };
    default:
      return mix satisfies never;
  }
}

/** The class that most of each image shows: its own, or its partner's where lambda < .5. */
function dominantLabels(labels: Batch['labels'], mix: MixPlan): Batch['labels'] {
  return mix.kind !== 'none' && mix.lambda < 0.5 ? labels.slice().reverse() : labels;
}

function mixed(batch: Batch, plan: TrainingPlan, at: Moment): engine.TrainingBatch {
  const mix = plan.mix(at);
  return {
    pixels: batch.pixels,
    count: batch.count,
    mix: pixelMix(mix),
    targets: plan.targets(batch.labels, at),
    labels: dominantLabels(batch.labels, mix),
  };
}

/**
 * One update from its micro-batches. Each one's loss is divided by their number, so the tail window of an epoch is divided by its
 * own size. Resolves, without making the GPU wait, to sums over the update's images.
 */
export function trainUpdate(
  { trainer }: Network,
  plan: TrainingPlan,
  batches: readonly Batch[],
  { epoch, firstBatch, update }: UpdatePosition,
): Promise<Totals> {
  return trainer.update(
    batches.map((batch, i) => mixed(batch, plan, plan.at(epoch, firstBatch + i))),
    {
      lr: plan.lr(update),
      weightDecay: plan.weightDecay(plan.at(epoch, firstBatch)),
      firstMicroBatch: update * plan.accumulation,
    },
  );
}
