import { z } from 'zod';
import { defineTrick, num } from '../define';

export const dropout = defineTrick({
  id: 'dropout',
  label: 'Dropout',
  summary: 'Zeroes some of the features before the classifier at random, so that it relies on no single one.',
  paper: {
    title: 'Dropout: a simple way to prevent neural networks from overfitting (Srivastava et al. 2014)',
    url: 'https://jmlr.org/papers/v15/srivastava14a.html',
  },
  stage: 'model',
  on: false,
  options: z.object({
    rate: num(0.1, { min: 0, max: 0.9, step: 0.05 }, { label: 'Share', help: "CMT's authors use .1." }),
  }),
  timm: ({ rate }) => ({ args: ['--drop', String(rate)] }),
  model: ({ rate }) => ({ dropout: rate }),
});
