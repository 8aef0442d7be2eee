/** The experiment's model with its parameters: what step.ts trains and evaluate.ts measures. */
import { modelOf } from '../catalog/parts';
import { parseSafetensors, writeSafetensors } from '../core/safetensors';
import * as engine from '../engine';
import type { TrainingPlan } from '../experiment/plan';
import type { Experiment } from '../experiment/schema';

export interface Network {
  /** x [batch, size, size, 3] -> logits [batch, classes]. step keys dropout and drop path. */
  forward(x: engine.Tensor4D, mode: { training: boolean; step: number }): engine.Tensor2D;
  trainable: engine.Parameters['trainable'];
  /** Trainable scalars. */
  parameterCount: number;
  /** safetensors with timm's names. */
  save(): Promise<ArrayBuffer>;
  dispose(): void;
}

/** Builds the network, with initial weights from the seed or from a safetensors file; throws in words if they do not fit. */
export function createNetwork(experiment: Experiment, plan: TrainingPlan, initialWeights?: ArrayBuffer): Network {
  const model = modelOf(experiment.model);
  const options = experiment.options[experiment.model] ?? {};
  const parameters = engine.createParameters(experiment.seed);
  const forward: Network['forward'] = (x, { training, step }) => {
    const nn = engine.createLayers(parameters, { training, seed: experiment.seed, step });
    return model.forward<engine.Tensor>(nn, x, options, plan.modelContext) as engine.Tensor2D;
  };
  try {
    // Parameters come into being on first use: one empty image calls them all.
    engine.buildParameters((x) => forward(x, { training: false, step: 0 }), plan.size);
    if (initialWeights) parameters.load(parseSafetensors(initialWeights));
  } catch (error) {
    parameters.dispose();
    throw error;
  }
  return {
    forward,
    trainable: () => parameters.trainable(),
    parameterCount: parameters.count(),
    save: async () => writeSafetensors(await parameters.dump(), { format: 'pt', model: experiment.model }),
    dispose: () => parameters.dispose(),
  };
}
