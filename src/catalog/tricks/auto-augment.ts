import { z } from 'zod';
import { defineTrick, type ImageOp, num } from '../define';
import { warnFarFromPhotos } from '../pictures';
import { meanFill, type TimmOpName, timmOps } from '../policy-ops';

/** Operation, probability, magnitude of 10. */
type Step = [TimmOpName, number, number];

/** The policy that was found on ImageNet: table 9 of the paper, as timm's `original` has it. */
export const IMAGENET_POLICY: readonly (readonly [...Step, ...Step])[] = [
  ['PosterizeOriginal', 0.4, 8, 'Rotate', 0.6, 9],
  ['Solarize', 0.6, 5, 'AutoContrast', 0.6, 5],
  ['Equalize', 0.8, 8, 'Equalize', 0.6, 3],
  ['PosterizeOriginal', 0.6, 7, 'PosterizeOriginal', 0.6, 6],
  ['Equalize', 0.4, 7, 'Solarize', 0.2, 4],
  ['Equalize', 0.4, 4, 'Rotate', 0.8, 8],
  ['Solarize', 0.6, 3, 'Equalize', 0.6, 7],
  ['PosterizeOriginal', 0.8, 5, 'Equalize', 1, 2],
  ['Rotate', 0.2, 3, 'Solarize', 0.6, 8],
  ['Equalize', 0.6, 8, 'PosterizeOriginal', 0.4, 6],
  ['Rotate', 0.8, 8, 'Color', 0.4, 0],
  ['Rotate', 0.4, 9, 'Equalize', 0.6, 2],
  ['Equalize', 0, 7, 'Equalize', 0.8, 8],
  ['Invert', 0.6, 4, 'Equalize', 1, 8],
  ['Color', 0.6, 4, 'Contrast', 1, 8],
  ['Rotate', 0.8, 8, 'Color', 1, 2],
  ['Color', 0.8, 8, 'Solarize', 0.8, 7],
  ['Sharpness', 0.4, 7, 'Invert', 0.6, 8],
  ['ShearX', 0.6, 5, 'Equalize', 1, 9],
  ['Color', 0.4, 0, 'Equalize', 0.6, 3],
  ['Equalize', 0.4, 7, 'Solarize', 0.2, 4],
  ['Solarize', 0.6, 5, 'AutoContrast', 0.6, 5],
  ['Invert', 0.6, 4, 'Equalize', 1, 8],
  ['Color', 0.6, 4, 'Contrast', 1, 8],
  ['Equalize', 0.8, 8, 'Equalize', 0.6, 3],
];

/** timm's --aa original with bilinear sampling. */
export const autoAugment = defineTrick({
  id: 'auto-augment',
  label: 'AutoAugment',
  summary: 'Changes every image by one of 25 pairs of operations that a search found best for ImageNet.',
  paper: {
    title: 'AutoAugment: learning augmentation policies from data (Cubuk et al. 2019)',
    url: 'https://arxiv.org/abs/1805.09501',
  },
  stage: 'augmentation',
  on: false,
  options: z.object({
    magnitudeStd: num(
      0,
      { min: 0, max: 10, step: 0.1 },
      { label: 'Spread of the magnitudes', help: 'Standard deviation, of 10; 0 as in the paper.' },
    ),
  }),
  warn: (_options, { dataset }) => warnFarFromPhotos(dataset.pictures),
  timm: ({ magnitudeStd }) => ({
    args: ['--aa', magnitudeStd > 0 ? `original-mstd${magnitudeStd}` : 'original', '--train-interpolation', 'bilinear'],
  }),
  sample: ({ magnitudeStd }, { rng, width, height, mean }) => {
    const meanings = timmOps(meanFill(mean));
    const pair = IMAGENET_POLICY[rng.int(IMAGENET_POLICY.length)] as (typeof IMAGENET_POLICY)[number];
    const steps: Step[] = [
      [pair[0], pair[1], pair[2]],
      [pair[3], pair[4], pair[5]],
    ];
    return steps.flatMap(([name, p, magnitude]): ImageOp[] => {
      const skipped = rng.uniform() >= p;
      const negative = rng.uniform() >= 0.5;
      const drawn = Math.min(10, Math.max(0, rng.normal(magnitude, magnitudeStd)));
      return skipped ? [] : meanings[name](drawn, { width, height, negative });
    });
  },
});
