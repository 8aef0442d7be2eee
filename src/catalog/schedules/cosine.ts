import { z } from 'zod';
import { choice, defineSchedule, num } from '../define';
import { warnOfMinimum } from '../rate-warnings';

/** min + (lr - min) / 2 * (1 + cos(pi t / T)), T without the warmup as in He et al. 2019; timm's CosineLRScheduler, one cycle. */
export const cosine = defineSchedule({
  id: 'cosine',
  label: 'Cosine',
  summary: 'Lowers the learning rate along half a cosine, slowly at both ends.',
  paper: {
    title: 'SGDR: stochastic gradient descent with warm restarts (Loshchilov and Hutter 2017)',
    url: 'https://arxiv.org/abs/1608.03983',
  },
  options: z.object({
    minLr: num(0, { min: 0, max: 1, step: 0.0001 }, { label: 'Last rate' }),
    per: choice('update', ['update', 'epoch'], { label: 'Changes every', help: 'timm: --sched-on-updates, or not.' }),
  }),
  warn: ({ minLr }, run) => warnOfMinimum(minLr, run),
  timm: ({ minLr, per }) => ({
    args: ['--sched', 'cosine', '--min-lr', String(minLr), ...(per === 'update' ? ['--sched-on-updates'] : [])],
  }),
  rate: ({ minLr, per }, { baseLr, updatesPerEpoch, totalUpdates }) => {
    const unit = per === 'epoch' ? updatesPerEpoch : 1;
    // A run that ends inside an epoch: that epoch counts as one, or its rate would be the minimum throughout.
    const length = Math.ceil(totalUpdates / unit);
    return (update) => {
      const t = Math.floor(update / unit);
      return t < length ? minLr + 0.5 * (baseLr - minLr) * (1 + Math.cos((Math.PI * t) / length)) : minLr;
    };
  },
});
