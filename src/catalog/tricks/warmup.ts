import { z } from 'zod';
import type { RunLength } from '../../core/moment';
import { defineTrick, num } from '../define';

/** Updates that a warmup of some epochs takes, at most the whole run. */
function warmupUpdates(epochs: number, context: RunLength): number {
  return Math.min(Math.round(epochs * context.updatesPerEpoch), context.totalUpdates);
}

/**
 * Linear from the start rate; the schedule then runs over the updates that are left, so the run does not get longer.
 * In timm's words: --warmup-prefix with --sched-on-updates, and --epochs without the warmup. timm has that one switch for both, so
 * a schedule that changes between epochs changes with every update there; and a warmup longer than the run is not squeezed into it.
 */
export const warmup = defineTrick({
  id: 'warmup',
  label: 'Warmup',
  summary: 'Raises the learning rate in a line from almost nothing before the schedule begins.',
  paper: {
    title: 'Accurate, large minibatch SGD: training ImageNet in 1 hour (Goyal et al. 2017)',
    url: 'https://arxiv.org/abs/1706.02677',
  },
  stage: 'schedule',
  on: true,
  options: z.object({
    epochs: num(5, { min: 0, max: 100, step: 0.1 }, { label: 'Epochs', help: 'Part of the run; may be a fraction.' }),
    startLr: num(0, { min: 0, max: 1, step: 0.001 }, { label: 'Start rate' }),
  }),
  warn: ({ epochs, startLr }, run) => [
    ...(epochs >= run.epochs
      ? ['The run ends before the warmup does: it is squeezed into the run, and the schedule never begins.']
      : []),
    ...(startLr > run.baseLr ? ['The start rate is above the learning rate: the warmup lowers the rate.'] : []),
  ],
  timm: ({ epochs, startLr }) =>
    Number.isInteger(epochs)
      ? {
          args: [
            '--warmup-epochs',
            String(epochs),
            '--warmup-lr',
            String(startLr),
            '--warmup-prefix',
            '--sched-on-updates',
          ],
        }
      : { impossible: `train.py takes whole warmup epochs only, not ${epochs}.` },
  rate: ({ epochs, startLr }, inner, context) => {
    const length = warmupUpdates(epochs, context);
    const rest = inner({ ...context, totalUpdates: context.totalUpdates - length });
    return (update) =>
      update < length ? startLr + update * ((context.baseLr - startLr) / length) : rest(update - length);
  },
});
