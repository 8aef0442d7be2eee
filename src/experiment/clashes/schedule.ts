/** Schedules that do not fit the length of the run. */

import { numberOf } from '../plan';
import type { Experiment } from '../schema';
import type { Clash } from '.';

/** epochs: of the whole run, warmup included. */
export function scheduleClashes(experiment: Experiment, epochs: number): Clash[] {
  const { schedule, options } = experiment;
  const scheduled = epochs - (experiment.on.warmup ? numberOf(experiment, 'warmup', 'epochs') : 0);
  const drops = options[schedule]?.[schedule === 'step' ? 'every' : 'milestones'];
  const first = Array.isArray(drops) ? Math.min(...drops) : drops;
  if (typeof first === 'number' && first >= scheduled) {
    return [
      {
        trick: schedule,
        message: `The run ends before the first drop, ${first} epochs after the warmup: the rate stays.`,
      },
    ];
  }
  if (schedule === 'cosine-restarts' && options[schedule]?.per === 'epoch') {
    const [cycles, mul] = [numberOf(experiment, schedule, 'cycles'), numberOf(experiment, schedule, 'mul')];
    let firstCycles = 0;
    for (let i = 0; i < cycles; i++) firstCycles += mul ** i;
    if (scheduled / firstCycles < 2) {
      return [
        {
          trick: schedule,
          message:
            'The first cycle is shorter than two epochs, and the rate changes only between epochs: it never falls.',
        },
      ];
    }
  }
  return [];
}
