/** Experiments that suit this device, once its rate is measured. */
import { estimateSeconds } from '../experiment/estimate';
import { presets } from '../experiment/presets';
import type { Experiment } from '../experiment/schema';
import type { Run } from '../runs/run';
import { rateFor } from './device-rate';
import { pristine } from './pristine';

/** Longer than this, and nobody waits to see what a trick does. */
const PATIENCE_SECONDS = 20 * 60;
/** A shorter experiment is worth offering if it is shorter by this factor. */
const WORTH_IT = 4;

const tiny = presets.find(({ id }) => id === 'tiny');

export interface Shorter {
  label: string;
  experiment: Experiment;
  seconds: number;
}

/** A preset that this device trains soon, if an experiment of so many seconds is one that nobody waits for. */
export function shorterThan(
  seconds: number | undefined,
  runs: readonly Run[],
  probed: number | undefined,
): Shorter | undefined {
  if (!tiny || seconds === undefined || seconds < PATIENCE_SECONDS) return;
  const { label, experiment } = tiny;
  const rate = rateFor(experiment, runs, probed);
  if (!rate) return;
  const shorter = estimateSeconds(experiment, rate);
  return shorter * WORTH_IT < seconds ? { label, experiment, seconds: shorter } : undefined;
}

/** The experiment to begin with on a device of this rate (useful FLOP/s), if the default one is none that anybody waits for. */
export const sizedTo = (flops: number): Experiment | undefined =>
  tiny && estimateSeconds(pristine, flops) > PATIENCE_SECONDS ? tiny.experiment : undefined;
