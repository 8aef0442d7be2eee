/** What a run will cost, before it runs: parameters, multiply-adds, memory and time, from the model's own code over shapes. */
import type { ModelContext } from '../catalog/define';
import { modelOf } from '../catalog/parts';
import { copiesPerWeight } from '../core/optimizer';
import { sizeOf } from '../core/shape';
import { expectedFacts, planTraining } from './plan';
import type { Experiment } from './schema';
import { type Counts, countingLayers } from './shape-layers';
import type { NetworkDescription } from './weights-fit';

const FLOAT = 4;
/** Gradients in flight during the backward pass: a layer's incoming and outgoing one, and one of a branch. */
const GRADIENTS_IN_FLIGHT = 3;
/** Backward costs about two forwards: a gradient for the input and one for the weights. */
const TRAINING_FACTOR = 3;

export interface Estimate {
  /** Trainable numbers. */
  params: number;
  /** 1e9 multiply-adds of one image's forward pass, convolutions and linear layers, as papers count. */
  gmacs: number;
  /** The same of attention's two products. */
  attentionGmacs: number;
  /** Floating point operations of training on one image: 2 per multiply-add, forward and backward. */
  trainFlopsPerImage: number;
  /** Bytes of weights, gradients, moments and averages. */
  weightBytes: number;
  /** Bytes that one micro-batch holds for its backward pass. */
  activationBytes: number;
  /** GPU memory at its peak, roughly (within a factor of 1.5): weights, activations, the batch. */
  estimatedBytes: number;
}

/** A network that a run with distillation follows. */
export type EstimatedTeacher = Pick<NetworkDescription, 'model' | 'options'>;

const multiplyAdds = ({ macs, attentionMacs }: Pick<Counts, 'macs' | 'attentionMacs'>) => macs + attentionMacs;

/** A model's counts for one image, and the sum of its parameters. */
function countsOf({ model, options }: EstimatedTeacher, context: ModelContext) {
  const { nn, counts } = countingLayers();
  modelOf(model).forward(nn, [1, context.size, context.size, 3], options, context);
  return { ...counts, params: [...counts.parameters.values()].reduce((sum, shape) => sum + sizeOf(shape), 0) };
}

/**
 * Cost of an experiment whose dataset has this many classes, a teacher's part included; throws if the images are too small for
 * the model.
 */
export function estimate(experiment: Experiment, classes: number, teacher?: EstimatedTeacher): Estimate {
  const { modelContext, optimizerPlan, accumulation, precision, size, batch } = planTraining(experiment, {
    ...expectedFacts(experiment),
    classes,
  });
  const { model, options } = experiment;
  const { params, ...counts } = countsOf({ model, options: options[model] ?? {} }, modelContext);
  const taught = teacher && countsOf(teacher, modelContext);
  const bytes = precision.half ? FLOAT / 2 : FLOAT;
  // In half precision the weights have a copy in it.
  const copies = copiesPerWeight(optimizerPlan, accumulation > 1) + (precision.half ? 0.5 : 0);
  const weightBytes = params * FLOAT * copies;
  const activationBytes = (counts.saved + GRADIENTS_IN_FLIGHT * counts.largest) * bytes * batch;
  return {
    params,
    gmacs: counts.macs / 1e9,
    attentionGmacs: counts.attentionMacs / 1e9,
    // The teacher only goes forward.
    trainFlopsPerImage: 2 * (TRAINING_FACTOR * multiplyAdds(counts) + (taught ? multiplyAdds(taught) : 0)),
    weightBytes,
    activationBytes,
    // What the teacher computed is gone when the student begins, and leaves its room.
    estimatedBytes:
      weightBytes +
      (taught ? taught.params * FLOAT : 0) +
      Math.max(activationBytes, taught ? taught.saved * bytes * batch : 0) +
      size * size * 3 * (FLOAT + 1) * batch,
  };
}

/**
 * Seconds of training at a useful rate of flops (FLOP/s, as the probe measures it), validation and compilation left out.
 * The images are those that the catalog expects of the dataset.
 */
export function estimateSeconds(experiment: Experiment, flops: number, teacher?: EstimatedTeacher): number {
  const facts = expectedFacts(experiment);
  const { totalUpdates, updatesPerEpoch, microBatchesPerEpoch, batch } = planTraining(experiment, facts);
  const images = (totalUpdates / updatesPerEpoch) * microBatchesPerEpoch * batch;
  return (images * estimate(experiment, facts.classes, teacher).trainFlopsPerImage) / flops;
}
