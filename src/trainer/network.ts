/** The experiment's model with its parameters: what update.ts trains and evaluate.ts measures. */
import { modelOf } from '../catalog/parts';
import { parseSafetensors, writeSafetensors } from '../core/safetensors';
import * as engine from '../engine';
import type { TrainingPlan } from '../experiment/plan';
import type { Experiment } from '../experiment/schema';
import { headerTexts } from '../experiment/weights-fit';
import { statisticsTexts } from './normalisation';
import type { StartOptions } from './protocol';
import { createTeacher, type OpenTeacher } from './teacher';

export interface Network {
  engine: engine.EngineName;
  trainer: engine.Trainer;
  /** Trainable scalars. */
  parameterCount: number;
  /** safetensors with timm's names. */
  save(): Promise<ArrayBuffer>;
  /** Works with the moving average in the place of the weights, which are back afterwards; rejects where none is kept. */
  withAverages<T>(work: () => Promise<T>): Promise<T>;
  dispose(): void;
}

/**
 * Builds the network, with initial weights from the seed or from a safetensors file, and the teacher that it follows, if one is
 * given and asked for; throws in words if weights do not fit.
 */
export function createNetwork(
  experiment: Experiment,
  plan: TrainingPlan,
  { initialWeights, teacher: given }: Pick<StartOptions, 'initialWeights' | 'teacher'> = {},
): Network {
  const model = modelOf(experiment.model);
  const options = experiment.options[experiment.model] ?? {};
  const parameters = engine.createParameters(experiment.seed);
  const name = engine.engineFor(experiment.engine);
  const forward = (x: engine.Tensor4D, mode: { training: boolean; microBatch: engine.MicroBatchNumber }) => {
    const { normGroups } = plan;
    const nn = engine.createLayers(parameters, {
      engine: engine.engineOf(name),
      normGroups,
      seed: experiment.seed,
      ...mode,
    });
    return model.forward<engine.Tensor>(nn, x, options, plan.modelContext) as engine.Tensor2D;
  };
  let teacher: OpenTeacher | undefined;
  try {
    // Parameters come into being on first use: one empty image calls them all.
    engine.buildParameters(forward, plan.size);
    if (initialWeights) parameters.load(parseSafetensors(initialWeights));
    const { distillation } = plan.lossPlan;
    teacher = given && distillation && createTeacher(given, distillation, plan, name);
  } catch (error) {
    parameters.dispose();
    throw error;
  }
  const { size, mean, std } = plan;
  const { classes } = plan.modelContext;
  const trainer = engine.createTrainer(name, {
    parameters,
    forward,
    optimizer: plan.optimizerPlan,
    classes,
    input: { size, mean, std },
    accumulating: plan.accumulation > 1,
    precision: plan.precision,
    evalBatch: plan.evalBatch,
    ...(teacher && { teacher: teacher.teacher }),
  });
  return {
    engine: name,
    trainer,
    parameterCount: parameters.count(),
    save: async () =>
      writeSafetensors(await parameters.dump(), {
        ...headerTexts({ model: experiment.model, options, classes, size }),
        ...statisticsTexts({ mean, std }),
      }),
    async withAverages(work) {
      await trainer.exchangeAverages();
      try {
        return await work();
      } finally {
        await trainer.exchangeAverages();
      }
    },
    dispose() {
      trainer.dispose();
      teacher?.dispose();
      parameters.dispose();
    },
  };
}
