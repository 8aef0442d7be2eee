/** Experiments that suit this device, once its rate is measured. */
import { estimateSeconds } from '../experiment/estimate';
import { presets } from '../experiment/presets';
import type { Experiment } from '../experiment/schema';
import { toLink } from '../experiment/url';
import type { Run } from '../runs/store';
import { rateFor } from './device-rate';
import { pristine, useExperiment, useRuns } from './state';

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

/** Chooses a smaller experiment on a slow device; never touches settings that came from a link or a person. */
export function sizeToDevice(flops: number): void {
  const { experiment } = useExperiment.getState();
  if (location.search !== '' || toLink(experiment) !== toLink(pristine) || useRuns.getState().active) return;
  if (tiny && estimateSeconds(pristine, flops) > PATIENCE_SECONDS) {
    // Not a step of history: nobody took it.
    history.replaceState(null, '', `?${toLink(tiny.experiment)}`);
    useExperiment.setState({ experiment: tiny.experiment });
  }
  useRuns.setState({ sized: true });
}
