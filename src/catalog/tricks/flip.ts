import { z } from 'zod';
import { defineTrick, num } from '../define';

export const flip = defineTrick({
  id: 'flip',
  label: 'Horizontal flip',
  summary: 'Mirrors half of the images left to right.',
  paper: {
    title: 'ImageNet classification with deep convolutional neural networks (Krizhevsky et al. 2012)',
    url: 'https://papers.nips.cc/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html',
  },
  stage: 'augmentation',
  on: true,
  options: z.object({
    p: num(0.5, { min: 0, max: 1, step: 0.05 }, { label: 'Probability' }),
  }),
  timm: ({ p }) => ({ args: ['--hflip', String(p)] }),
  sample: ({ p }, { rng }) => (rng.uniform() < p ? [{ op: 'flip' }] : []),
});
