import { z } from 'zod';
import { defineSchedule, num } from '../define';
import { warnOfFirstDrop } from '../rate-warnings';

/** lr * gamma^floor(t / every); timm's StepLRScheduler with --warmup-prefix: counted from the end of the warmup, every in whole updates. */
export const step = defineSchedule({
  id: 'step',
  label: 'Step',
  summary: 'Multiplies the learning rate by a factor every so many epochs.',
  paper: {
    title: 'Deep residual learning for image recognition (He et al. 2015)',
    url: 'https://arxiv.org/abs/1512.03385',
  },
  options: z.object({
    gamma: num(0.1, { min: 0.001, max: 1, step: 0.05 }, { label: 'Factor' }),
    every: num(30, { min: 0.01, max: 1000, step: 1 }, { label: 'Every', unit: 'epochs', help: 'May be a fraction.' }),
  }),
  warn: ({ every }, run) => warnOfFirstDrop(every, run),
  timm: ({ gamma, every }) => ({
    args: ['--sched', 'step', '--decay-rate', String(gamma), '--decay-epochs', String(every)],
  }),
  rate: ({ gamma, every }, { baseLr, updatesPerEpoch }) => {
    const interval = Math.max(1, Math.round(every * updatesPerEpoch));
    return (update) => baseLr * gamma ** Math.floor(update / interval);
  },
});
