import { z } from 'zod';
import { defineDataset } from '../define';

export const emoji = defineDataset({
  id: 'emoji',
  label: 'Emoji',
  summary:
    'Colour emoji in two styles, 64 x 64 pixels: predict the group of ten. Validation holds out emoji, another split a style.',
  license: 'Apache-2.0 (Google drawings), CC-BY-4.0 (Twitter drawings)',
  credit: 'Noto Emoji by Google; Twemoji by Twitter and contributors',
  classes: 10,
  imageSide: 64,
  trainImages: 3056,
  options: z.object({}),
  infoUrl: () => 'datasets/emoji/_info.json',
  // Measured over the training split: drawings on white.
  mean: [0.803, 0.755, 0.716],
  std: [0.29, 0.296, 0.341],
});
