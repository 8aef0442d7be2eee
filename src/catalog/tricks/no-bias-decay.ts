import { z } from 'zod';
import { defineTrick } from '../define';

export const noBiasDecay = defineTrick({
  id: 'no-bias-decay',
  label: 'No bias decay',
  summary: 'Keeps weight decay away from biases and from the gamma and beta of norms.',
  paper: {
    title: 'Highly scalable deep learning training system with mixed-precision (Jia et al. 2018)',
    url: 'https://arxiv.org/abs/1807.11205',
  },
  stage: 'optimizer',
  on: true,
  options: z.object({}),
  warn: (_options, { optimizer }) =>
    optimizer.weightDecay === 0 ? ['The weight decay is 0: there is nothing to keep away.'] : [],
  // train.py does so by default.
  timm: () => ({ args: ['--opt-kwargs', 'filter_bias_and_bn=True'] }),
  optimizer: () => ({ decayVectors: false }),
});
