import { z } from 'zod';
import { defineTrick, num } from '../define';

/** torch.nn.utils.clip_grad_norm_, over the gradients of all parameters as one vector, after accumulation. */
export const gradientClipping = defineTrick({
  id: 'gradient-clipping',
  label: 'Gradient clipping',
  summary: 'Scales the gradients of an update down when their common norm is above a limit.',
  paper: {
    title: 'On the difficulty of training recurrent neural networks (Pascanu et al. 2013)',
    url: 'https://arxiv.org/abs/1211.5063',
  },
  stage: 'optimizer',
  on: false,
  options: z.object({
    norm: num(1, { min: 0.001, max: 1000, step: 0.1 }, { label: 'Largest norm' }),
  }),
  timm: ({ norm }) => ({ args: ['--clip-grad', String(norm)] }),
  optimizer: ({ norm }) => ({ clipNorm: norm }),
});
