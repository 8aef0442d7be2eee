import { z } from 'zod';
import { defineTrick, int } from '../define';

export const linearScaling = defineTrick({
  id: 'linear-scaling',
  label: 'Linear scaling',
  summary: 'Multiplies the learning rate by the images per update over 256; that of AdamW by the square root.',
  paper: {
    title: 'Accurate, large minibatch SGD: training ImageNet in 1 hour (Goyal et al. 2017)',
    url: 'https://arxiv.org/abs/1706.02677',
  },
  stage: 'optimizer',
  on: false,
  options: z.object({
    base: int(
      256,
      { min: 1, max: 8192 },
      { label: 'Reference batch', unit: 'images', help: 'At this batch the rate is as given.' },
    ),
  }),
  warn: ({ base }, { batch, accumulation, lr, baseLr }) =>
    batch * accumulation > base && lr(0) >= baseLr
      ? ['A scaled-up rate from the first update on can diverge: add warmup.']
      : [],
  // train.py reads these only when --lr is absent: an export then says the optimizer's rate as --lr-base.
  // Whether in proportion or by the square root follows there, as here, from the optimizer.
  timm: ({ base }) => ({ args: ['--lr-base-size', String(base)] }),
  scaleRate: ({ base }, imagesPerUpdate, scaling) =>
    scaling === 'linear' ? imagesPerUpdate / base : Math.sqrt(imagesPerUpdate / base),
});
