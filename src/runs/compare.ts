/** Does a change help, beyond noise, and at what cost? Two experiments over the same seeds, compared seed by seed. */
import { type Interval, mean, meanInterval } from '../core/stats';

/** How one run ended. */
export interface Outcome {
  /** On the validation images, in [0, 1]. */
  top1: number;
  timeMs: number;
}

export type Verdict = 'helps' | 'hurts' | 'no evidence';

export interface Comparison {
  /** Top-1 of the changed runs. */
  top1: Interval;
  /** Top-1 with the change minus without, paired by seed: the noise that both share cancels. */
  gain: Interval;
  verdict: Verdict;
  /** Time of the changed runs as a multiple of the others'. */
  timeFactor: number;
}

/** The interval of the gain must leave 0 out before anything is claimed; of a single seed nothing is known. */
function verdictOn({ low, high, n }: Interval): Verdict {
  if (n < 2) return 'no evidence';
  if (low > 0) return 'helps';
  return high < 0 ? 'hurts' : 'no evidence';
}

/** Runs of the same seeds in the same order, at least one; throws if their numbers differ. */
export function compareRuns(without: readonly Outcome[], changed: readonly Outcome[]): Comparison {
  if (without.length !== changed.length || changed.length === 0)
    throw new Error(`${changed.length} runs cannot be paired with ${without.length}.`);
  const gain = meanInterval(changed.map(({ top1 }, i) => top1 - (without[i] as Outcome).top1));
  return {
    top1: meanInterval(changed.map(({ top1 }) => top1)),
    gain,
    verdict: verdictOn(gain),
    timeFactor: mean(changed.map(({ timeMs }) => timeMs)) / mean(without.map(({ timeMs }) => timeMs)),
  };
}
