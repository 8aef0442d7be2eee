import { z } from 'zod';
import { defineTrick, num } from '../define';

export const stochasticDepth = defineTrick({
  id: 'stochastic-depth',
  label: 'Stochastic depth',
  summary:
    'Lets each image skip residual blocks at random, the last ones most: a shallower network to train, the whole one to use.',
  paper: {
    title: 'Deep networks with stochastic depth (Huang et al. 2016)',
    url: 'https://arxiv.org/abs/1603.09382',
  },
  stage: 'model',
  on: false,
  options: z.object({
    rate: num(
      0.1,
      { min: 0, max: 0.9, step: 0.05 },
      {
        label: 'Drop path',
        help: "Share of images that skip the last block; earlier blocks are skipped less, the first never. CMT's authors use .1.",
      },
    ),
  }),
  timm: ({ rate }) => ({ args: ['--drop-path', String(rate)] }),
  model: ({ rate }) => ({ dropPath: rate }),
});
