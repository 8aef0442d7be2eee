/** What the form promises before training: the plan that the trainer will follow, and its cost. */
import { messageOf } from '../core/message';
import { type Estimate, type EstimatedTeacher, estimate, estimateSeconds } from '../experiment/estimate';
import { expectedFacts, planTraining, type TrainingPlan } from '../experiment/plan';
import type { Experiment } from '../experiment/schema';
import type { Plan } from '../runs/rows';

function trainingPlan(experiment: Experiment): TrainingPlan | undefined {
  try {
    return planTraining(experiment, expectedFacts(experiment));
  } catch {
    // The form shows why where it shows the cost.
    return undefined;
  }
}

/** The learning rate of the experiment over its updates; undefined where it can't be planned. */
export function planOf(experiment: Experiment): Plan | undefined {
  const plan = trainingPlan(experiment);
  if (!plan) return;
  const { lr, updatesPerEpoch, totalUpdates, microBatchesPerEpoch, batch } = plan;
  return { lr, updatesPerEpoch, totalUpdates, imagesPerUpdate: (microBatchesPerEpoch * batch) / updatesPerEpoch };
}

export interface Cost extends Estimate {
  /** Of training, at the measured rate of this device; undefined before the probe has answered. */
  seconds: number | undefined;
}

/** The cost of an experiment, with its teacher's part, or why it can't run, for a person. */
export function costOf(
  experiment: Experiment,
  flops: number | undefined,
  teacher?: EstimatedTeacher,
): Cost | { problem: string } {
  try {
    const facts = expectedFacts(experiment);
    return {
      ...estimate(experiment, facts.classes, teacher),
      seconds: flops ? estimateSeconds(experiment, flops, teacher) : undefined,
    };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
