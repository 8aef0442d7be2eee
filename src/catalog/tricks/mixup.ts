import { z } from 'zod';
import { defineTrick, num } from '../define';
import { warnOfMixing } from '../mixing';

export const mixup = defineTrick({
  id: 'mixup',
  label: 'Mixup',
  summary: 'Blends every image, and its target, with another image of the batch.',
  paper: {
    title: 'mixup: beyond empirical risk minimization (Zhang et al. 2018)',
    url: 'https://arxiv.org/abs/1710.09412',
  },
  stage: 'mixing',
  on: false,
  options: z.object({
    alpha: num(
      0.2,
      { min: 0.01, max: 8, step: 0.05 },
      { label: 'Alpha', help: 'lambda ~ Beta(alpha, alpha), one per batch. Larger mixes more evenly.' },
    ),
  }),
  warn: (_options, run) => warnOfMixing(run),
  timm: ({ alpha }) => ({ args: ['--mixup', String(alpha)] }),
  batch: ({ alpha }, { rng }) => ({ kind: 'mixup', lambda: rng.beta(alpha, alpha) }),
});
