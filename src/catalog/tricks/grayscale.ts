import { z } from 'zod';
import { defineTrick, num } from '../define';

/** torchvision's RandomGrayscale; SimCLR's probability. */
export const grayscale = defineTrick({
  id: 'grayscale',
  label: 'Grayscale',
  summary: 'Takes the colour out of some images, so that the network cannot rely on it.',
  paper: {
    title: 'A simple framework for contrastive learning of visual representations (Chen et al. 2020)',
    url: 'https://arxiv.org/abs/2002.05709',
  },
  stage: 'augmentation',
  on: false,
  options: z.object({
    p: num(0.2, { min: 0, max: 1, step: 0.05 }, { label: 'Probability' }),
  }),
  warn: (_options, { dataset }) =>
    dataset.pictures === 'grey' ? ['The images are grey already: nothing changes.'] : [],
  timm: ({ p }) => ({ args: ['--grayscale-prob', String(p)] }),
  sample: ({ p }, { rng }) => (rng.uniform() < p ? [{ op: 'grayscale' }] : []),
});
