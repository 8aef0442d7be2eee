import { z } from 'zod';
import { defineTrick, num } from '../define';

/** timm's range, in pixels of the network's input. */
const MIN_SIGMA = 0.1;
const MAX_SIGMA = 2;
/** A blur of up to two pixels, on images smaller than this, leaves little to see. */
const PIXELS_FOR_BLUR = 48;

/** torchvision's GaussianBlur(23) as timm applies it; SimCLR's probability. */
export const gaussianBlur = defineTrick({
  id: 'gaussian-blur',
  label: 'Gaussian blur',
  summary: 'Blurs some images by a random width of up to two pixels.',
  paper: {
    title: 'A simple framework for contrastive learning of visual representations (Chen et al. 2020)',
    url: 'https://arxiv.org/abs/2002.05709',
  },
  stage: 'augmentation',
  on: false,
  options: z.object({
    p: num(0.5, { min: 0, max: 1, step: 0.05 }, { label: 'Probability', help: 'Sigma is uniform in .1 to 2 px.' }),
  }),
  warn: (_options, { size }) =>
    size < PIXELS_FOR_BLUR ? [`A blur of up to two pixels leaves little to see at ${size} px.`] : [],
  timm: ({ p }) => ({ args: ['--gaussian-blur-prob', String(p)] }),
  sample: ({ p }, { rng }) =>
    rng.uniform() < p ? [{ op: 'gaussian-blur', sigma: rng.uniform(MIN_SIGMA, MAX_SIGMA) }] : [],
});
