import { z } from 'zod';
import { defineTrick, num } from '../define';

export const labelSmoothing = defineTrick({
  id: 'label-smoothing',
  label: 'Label smoothing',
  summary: 'Asks for a little less than certainty: takes a share of the target and spreads it over all classes.',
  paper: {
    title: 'Rethinking the Inception architecture for computer vision (Szegedy et al. 2016)',
    url: 'https://arxiv.org/abs/1512.00567',
  },
  stage: 'loss',
  on: false,
  options: z.object({
    epsilon: num(
      0.1,
      { min: 0, max: 0.9, step: 0.01 },
      { label: 'Share', help: 'Target of the true class 1 - e + e/K, of the others e/K. Lowers all probabilities.' },
    ),
  }),
  timm: ({ epsilon }) => ({ args: ['--smoothing', String(epsilon)] }),
  loss: ({ epsilon }) => ({ smoothing: epsilon }),
});
