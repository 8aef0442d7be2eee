import { z } from 'zod';
import { roundHalfEven } from '../../core/rounding';
import { choice, defineTrick, num } from '../define';

const MIN_AREA = 0.02;
const MAX_AREA = 1 / 3;
const LOG_ASPECT = Math.log(0.3);
const TRIES = 10;

/**
 * timm's RandomErasing, box by box; the paper's own implementation differs in its area and has one colour.
 * timm erases after normalisation, with N(0, 1) noise. Here images are uint8 until they reach the GPU, so the same noise is
 * written as it was before normalisation, mean + std * N(0, 1), rounded to 8 bits and clipped to black and white: with
 * ImageNet's mean and std that clips 3 to 4 % of the values, with those of Fashion-MNIST or the emoji a quarter. And as in timm without its
 * prefetcher, mixing comes after erasing: an erased box may show the partner through.
 */
export const randomErasing = defineTrick({
  id: 'random-erasing',
  label: 'Random erasing',
  summary:
    'Covers a random rectangle of some images with noise, clipped to black and white, so that no part is indispensable.',
  paper: {
    title: 'Random erasing data augmentation (Zhong et al. 2017)',
    url: 'https://arxiv.org/abs/1708.04896',
  },
  stage: 'augmentation',
  on: false,
  options: z.object({
    p: num(0.25, { min: 0, max: 1, step: 0.05 }, { label: 'Probability' }),
    mode: choice('pixel', ['pixel', 'rand', 'const'], {
      label: 'Cover',
      help: 'pixel: noise; rand: one random colour; const: the mean colour of the dataset.',
    }),
  }),
  timm: ({ p, mode }) => ({ args: ['--reprob', String(p), '--remode', mode] }),
  sample: ({ p, mode }, { rng, width, height, mean, std }) => {
    if (rng.uniform() >= p) return [];
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const area = rng.uniform(MIN_AREA, MAX_AREA) * width * height;
      const aspect = Math.exp(rng.uniform(LOG_ASPECT, -LOG_ASPECT));
      const h = roundHalfEven(Math.sqrt(area * aspect));
      const w = roundHalfEven(Math.sqrt(area / aspect));
      if (w < 1 || h < 1 || w >= width || h >= height) continue;
      const y = rng.int(height - h + 1);
      const x = rng.int(width - w + 1);
      const spread = mode === 'pixel' ? 255 : 0;
      const color = mean.map((share, i) => {
        const shift = mode === 'rand' ? (std[i] as number) * rng.normal() : 0;
        return 255 * (share + shift);
      });
      return [
        {
          op: 'erase',
          x,
          y,
          width: w,
          height: h,
          mean: color as [number, number, number],
          std: std.map((share) => spread * share) as [number, number, number],
          seed: rng.uint32(),
        },
      ];
    }
    return [];
  },
});
