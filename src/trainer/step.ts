/** One training step, readable top to bottom: input, mixing, forward, loss, backward, accumulation, update. */
import type { MixPlan } from '../catalog/define';
import { mixedTargets } from '../catalog/mixing';
import type { Batch } from '../data/types';
import * as engine from '../engine';
import type { TrainingPlan } from '../experiment/plan';
import type { Network } from './network';

export interface MetricTotals {
  loss: number;
  top1: number;
  top5: number;
}

export interface StepPosition {
  epoch: number;
  /** Index in the epoch of the update's first micro-batch. */
  firstBatch: number;
  /** Updates done before this one. */
  update: number;
}

export interface Step {
  /**
   * One update from its micro-batches. Each one's loss is divided by their number, so the tail window of an epoch is
   * divided by its own size. Resolves, without making the GPU wait, to sums over the update's images.
   */
  run(batches: readonly Batch[], at: StepPosition): Promise<MetricTotals>;
  dispose(): void;
}

function mixWithReverse(x: engine.Tensor4D, mix: MixPlan): engine.Tensor4D {
  switch (mix.kind) {
    case 'none':
      return x;
    case 'mixup':
    case 'cutmix': {
      const mixed = mix.kind === 'mixup' ? engine.blendWithReverse(x, mix.lambda) : engine.pasteFromReverse(x, mix.box);
      x.dispose();
      return mixed;
    }
    default:
      return mix satisfies never;
  }
}

/** The class that most of each image shows: its own, or its partner's where lambda < .5. */
function dominantLabels(labels: Int32Array, mix: MixPlan): Int32Array {
  return mix.kind !== 'none' && mix.lambda < 0.5 ? labels.slice().reverse() : labels;
}

function prepare(batch: Batch, plan: TrainingPlan, mix: MixPlan): engine.PreparedBatch {
  const input = engine.normalizedInput(batch.pixels, batch.count, plan.size, plan.mean, plan.std);
  return {
    input: mixWithReverse(input, mix),
    targets: mixedTargets(batch.labels, plan.modelContext.classes, plan.lossPlan.smoothing, mix),
    labels: dominantLabels(batch.labels, mix),
  };
}

export function createStep(network: Network, plan: TrainingPlan): Step {
  const sgd = engine.createSgd(network.trainable, plan.optimizerPlan);
  return {
    run(batches, { epoch, firstBatch, update }) {
      const accumulated = new engine.GradientSum();
      const metrics = new engine.MetricSums();
      batches.forEach((batch, i) => {
        const micro = update * plan.accumulation + i;
        const { gradients, sums } = engine.lossAndGradients(
          network.trainable(),
          (x) => network.forward(x, { training: true, step: micro }),
          prepare(batch, plan, plan.mix(epoch, firstBatch + i)),
        );
        accumulated.add(gradients, 1 / batches.length);
        metrics.add(sums);
      });
      sgd.update(accumulated.gradients, plan.lr(update));
      accumulated.dispose();
      return metrics.read();
    },
    dispose: () => sgd.dispose(),
  };
}
