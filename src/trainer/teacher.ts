/** A trained network that a run follows: built from its weights, never trained. */

import type { DistillationPlan } from '../catalog/define';
import { modelOf } from '../catalog/parts';
import { messageOf } from '../core/message';
import { parseSafetensors } from '../core/safetensors';
import * as engine from '../engine';
import type { TrainingPlan } from '../experiment/plan';
import type { TeacherWeights } from './protocol';

export interface OpenTeacher {
  teacher: engine.Teacher;
  dispose(): void;
}

/**
 * The teacher for runs of this plan: it takes their images as they are, at their size and with their normalisation. Throws in
 * words if its weights do not fit its model, or its model not the run's images and classes.
 */
export function createTeacher(
  { model: id, options, weights }: TeacherWeights,
  { temperature, taskWeight, distillWeight }: DistillationPlan,
  plan: TrainingPlan,
  engineName: engine.EngineName,
): OpenTeacher {
  // Nothing here is random: its weights are overwritten, and it drops nothing in evaluation mode.
  const seed = 0;
  const parameters = engine.createParameters(seed);
  const forward = (x: engine.Tensor4D) => {
    const nn = engine.createLayers(parameters, {
      engine: engine.engineOf(engineName),
      seed,
      training: false,
      microBatch: 0,
    });
    return modelOf(id).forward<engine.Tensor>(nn, x, options, plan.modelContext) as engine.Tensor2D;
  };
  try {
    engine.buildParameters(forward, plan.size);
    parameters.load(parseSafetensors(weights));
  } catch (error) {
    parameters.dispose();
    const { classes, size } = plan.modelContext;
    const why = messageOf(error);
    throw new Error(`The teacher can't teach a run with ${classes} classes and images of ${size} px. ${why}`);
  }
  return { teacher: { forward, temperature, taskWeight, distillWeight }, dispose: () => parameters.dispose() };
}
