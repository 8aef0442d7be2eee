/** Whether the memory of this device has room for an experiment, and what would fit. */
import { estimate } from '../experiment/estimate';
import { nearestFitting, type Smaller, type Tightness, tightness } from '../experiment/memory';
import { expectedFacts } from '../experiment/plan';
import type { Experiment } from '../experiment/schema';
import type { LabState } from './state';

type Device = Pick<LabState, 'adapter' | 'computerBytes' | 'checkpoints'>;

function tight(experiment: Experiment, { adapter, computerBytes, checkpoints }: Device): Tightness | undefined {
  if (!adapter) return undefined;
  const { classes } = expectedFacts(experiment);
  const teacher = experiment.on.distillation
    ? checkpoints.find(({ id }) => id === experiment.options.distillation?.teacher)
    : undefined;
  return tightness(estimate(experiment, classes, teacher).estimatedBytes, adapter, computerBytes);
}

const fits = (device: Device) => (candidate: Experiment) => {
  try {
    return !tight(candidate, device);
  } catch {
    // Images too small for the model, say.
    return false;
  }
};

export interface Room extends Tightness {
  /** The nearest setting that fits, if one does. */
  smaller: Smaller | undefined;
}

/** What speaks against training an experiment here; undefined if nothing does, or if it can't be planned at all. */
export function roomProblem(experiment: Experiment, device: Device): Room | undefined {
  try {
    const found = tight(experiment, device);
    return found && { ...found, smaller: nearestFitting(experiment, fits(device)) };
  } catch {
    // The form says why where it says the cost.
    return undefined;
  }
}
