import { z } from 'zod';
import { defineTrick } from '../define';

export const zeroGamma = defineTrick({
  id: 'zero-gamma',
  label: 'Zero gamma',
  summary: 'Starts every residual block as the identity: gamma of its last norm is 0.',
  paper: {
    title: 'Accurate, large minibatch SGD: training ImageNet in 1 hour (Goyal et al. 2017)',
    url: 'https://arxiv.org/abs/1706.02677',
  },
  stage: 'model',
  on: true,
  options: z.object({}),
  // timm's ResNets do so by default.
  timm: () => ({ args: ['--model-kwargs', 'zero_init_last=True'] }),
  model: () => ({ zeroGamma: true }),
});
