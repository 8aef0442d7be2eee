import { z } from 'zod';
import { defineDataset } from '../define';

export const emoji = defineDataset({
  id: 'emoji',
  label: 'Emoji',
  summary:
    "Colour emoji, 64 x 64 pixels, in 10 groups. Training sees Google's style alone; validation holds out emoji, the split 'style' shows the same ones as Twitter draws them.",
  license: 'Apache-2.0 (Noto Emoji), CC-BY-4.0 (Twemoji)',
  credit: 'Noto Emoji by Google; Twemoji by Twitter, Inc. and other contributors',
  classes: 10,
  imageSide: 64,
  trainImages: 2807,
  pictures: 'drawings',
  options: z.object({}),
  infoUrl: () => 'datasets/emoji/_info.json',
  // Measured over the pixels of the training split: drawings on white.
  mean: [0.794, 0.747, 0.71],
  std: [0.298, 0.302, 0.347],
});
