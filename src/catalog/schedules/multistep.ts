import { z } from 'zod';
import { defineSchedule, num, numbers } from '../define';
import { warnOfFirstDrop } from '../rate-warnings';

/**
 * lr * gamma^(milestones reached), counted from the end of the warmup: PyTorch's MultiStepLR, timm's with --warmup-prefix.
 * timm's own drops one step early (bisect_right(milestones, t + 1)): with --sched-on-updates one update, else a whole epoch.
 */
export const multistep = defineSchedule({
  id: 'multistep',
  label: 'Multistep',
  summary: 'Multiplies the learning rate by a factor at chosen epochs.',
  paper: {
    title: 'Deep residual learning for image recognition (He et al. 2015)',
    url: 'https://arxiv.org/abs/1512.03385',
  },
  options: z.object({
    gamma: num(0.1, { min: 0.001, max: 1, step: 0.05 }, { label: 'Factor' }),
    milestones: numbers(
      [30, 60, 80],
      { length: 3, min: 1, max: 1000 },
      { label: 'At epochs', help: 'After the warmup. One beyond the end never comes; one given twice counts twice.' },
    ),
  }),
  warn: ({ milestones }, run) => warnOfFirstDrop(Math.min(...milestones), run),
  timm: ({ gamma, milestones }) => {
    const sorted = [...milestones].sort((a, b) => a - b).map(String);
    return {
      args: [
        '--sched',
        'multistep',
        '--decay-rate',
        String(gamma),
        '--decay-milestones',
        ...sorted,
        '--sched-on-updates',
      ],
    };
  },
  rate: ({ gamma, milestones }, { baseLr, updatesPerEpoch }) => {
    return (update) => baseLr * gamma ** milestones.filter((epoch) => update >= epoch * updatesPerEpoch).length;
  },
});
