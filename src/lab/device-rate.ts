/** How fast this device trains an experiment: as it trained the most similar run, or else as the probe says. */
import type { AdapterSummary } from '../core/results';
import { estimate } from '../experiment/estimate';
import { expectedFacts } from '../experiment/plan';
import type { Experiment } from '../experiment/schema';
import type { Run } from '../runs/run';

/** Fewer updates than this say more about compilation than about speed. */
const ENOUGH_UPDATES = 10;
/** A run is similar if its images cost at most this many times more or less: small networks use less of a device. */
const SIMILAR = 8;

const known = new WeakMap<Experiment, number>();

/** Floating point operations of training on one image; NaN for an experiment that can't run. */
function flopsPerImage(experiment: Experiment): number {
  let flops = known.get(experiment);
  if (flops === undefined) {
    try {
      flops = estimate(experiment, expectedFacts(experiment).classes).trainFlopsPerImage;
    } catch {
      flops = Number.NaN;
    }
    known.set(experiment, flops);
  }
  return flops;
}

/** True for runs that say how fast this adapter is. */
export const saysRate = (run: Run, adapter: AdapterSummary | undefined) =>
  run.state !== 'running' &&
  run.summary.step >= ENOUGH_UPDATES &&
  run.adapter?.backend === adapter?.backend &&
  run.adapter?.description === adapter?.description;

/** Useful FLOP/s to expect of an experiment, from runs that say so and the probe's rate; undefined if nothing is known. */
export function rateFor(experiment: Experiment, runs: readonly Run[], probed: number | undefined): number | undefined {
  const wanted = flopsPerImage(experiment);
  let nearest = { distance: Math.log(SIMILAR), rate: probed };
  for (const run of runs) {
    if (!run.experiment) continue;
    const flops = flopsPerImage(run.experiment);
    const distance = Math.abs(Math.log(flops / wanted));
    const { imagesPerSecond } = run.summary;
    // Of equally similar runs the newest, which stands last.
    if (imagesPerSecond && distance <= nearest.distance) nearest = { distance, rate: flops * imagesPerSecond };
  }
  return nearest.rate;
}
