import { z } from 'zod';
import { defineTrick } from '../define';
import { fewImages } from '../replica-statistics';

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
  warn: (_options, run) => {
    if (!run.model.zeroGamma) return [`${run.model.label} has no gamma that starts at 0: nothing changes.`];
    const few = fewImages(run);
    if (!few) return [];
    return [`A block begins to act by the gradient of its gamma, which ${few} per replica make noisy: add SyncBN.`];
  },
  // timm's ResNets do so by default.
  timm: () => ({ args: ['--model-kwargs', 'zero_init_last=True'] }),
  model: () => ({ zeroGamma: true }),
});
