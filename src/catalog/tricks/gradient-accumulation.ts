import { z } from 'zod';
import { defineTrick, int } from '../define';

export const gradientAccumulation = defineTrick({
  id: 'gradient-accumulation',
  label: 'Gradient accumulation',
  summary: 'Averages the gradients of several batches into one update: a larger batch in the same memory.',
  paper: {
    title: 'Scaling neural machine translation, 3.3 (Ott et al. 2018)',
    url: 'https://arxiv.org/abs/1806.00187',
  },
  stage: 'scale',
  on: false,
  options: z.object({
    steps: int(
      4,
      { min: 1, max: 64 },
      { label: 'Batches per update', help: 'Equals the large batch exactly only without batch norm.' },
    ),
  }),
  warn: ({ steps }, { microBatchesPerEpoch }) =>
    steps > microBatchesPerEpoch ? ['An epoch has fewer batches than one update takes.'] : [],
  timm: ({ steps }) => ({ args: ['--grad-accum-steps', String(steps)] }),
  scale: ({ steps }) => ({ accumulation: steps }),
});
