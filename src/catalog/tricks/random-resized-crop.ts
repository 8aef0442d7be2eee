import { z } from 'zod';
import { roundHalfEven } from '../../core/rounding';
import { defineTrick, num } from '../define';

const TRIES = 10;
const MIN_RATIO = 3 / 4;
const MAX_RATIO = 4 / 3;

/** Szegedy et al. 2015; the sampling rule is torchvision's and timm's RandomResizedCrop, try by try. */
export const randomResizedCrop = defineTrick({
  id: 'random-resized-crop',
  label: 'Random resized crop',
  summary: 'Cuts a random rectangle out of the image and stretches it to the input size.',
  paper: { title: 'Going deeper with convolutions (Szegedy et al. 2015)', url: 'https://arxiv.org/abs/1409.4842' },
  stage: 'augmentation',
  on: false,
  crops: true,
  options: z.object({
    minArea: num(
      0.08,
      { min: 0.01, max: 1, step: 0.01 },
      { label: 'Smallest area', help: 'Least share of the image that a crop keeps.' },
    ),
  }),
  timm: ({ minArea }) => ({ args: ['--scale', String(minArea), '1', '--train-interpolation', 'bilinear'] }),
  sample: ({ minArea }, { rng, width, height, size }) => {
    const target = { toWidth: size, toHeight: size };
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const area = rng.uniform(minArea, 1) * width * height;
      const ratio = Math.exp(rng.uniform(Math.log(MIN_RATIO), Math.log(MAX_RATIO)));
      const w = roundHalfEven(Math.sqrt(area * ratio));
      const h = roundHalfEven(Math.sqrt(area / ratio));
      if (w < 1 || h < 1 || w > width || h > height) continue;
      const y = rng.int(height - h + 1);
      const x = rng.int(width - w + 1);
      return [{ op: 'resized-crop', x, y, width: w, height: h, ...target }];
    }
    const shape = width / height;
    const w = shape > MAX_RATIO ? roundHalfEven(height * MAX_RATIO) : width;
    const h = shape < MIN_RATIO ? roundHalfEven(width / MIN_RATIO) : height;
    const x = Math.floor((width - w) / 2);
    const y = Math.floor((height - h) / 2);
    return [{ op: 'resized-crop', x, y, width: w, height: h, ...target }];
  },
});
