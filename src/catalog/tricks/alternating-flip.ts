import { z } from 'zod';
import { defineTrick } from '../define';

/**
 * airbench94.py's: in the first epoch each image is mirrored or not by a coin of its own, in every second epoch the other way
 * round. The coin is a pure function of (seed, sample), so that any epoch can be resumed.
 */
export const alternatingFlip = defineTrick({
  id: 'alternating-flip',
  label: 'Alternating flip',
  summary:
    'Mirrors half of the images in the first epoch and the other half in the next, by turns: both sides are seen.',
  paper: {
    title: '94% on CIFAR-10 in 3.29 seconds on a single GPU (Jordan 2024)',
    url: 'https://arxiv.org/abs/2404.00498',
  },
  stage: 'augmentation',
  on: false,
  excludes: ['flip'],
  options: z.object({}),
  warn: (_options, { epochs }) =>
    epochs <= 1 ? ['A run of one epoch sees every image once: this is a horizontal flip of probability .5.'] : [],
  timm: () => ({ impossible: "timm's train.py draws its flips anew in every epoch." }),
  sample: (_options, { lasting, epoch }) => {
    const first = lasting().uniform() < 0.5;
    return first === (epoch % 2 === 0) ? [{ op: 'flip' }] : [];
  },
});
