import { z } from 'zod';
import type { Rng } from '../../core/rng';
import { choice, defineTrick, type ImageOp, int, num } from '../define';
import type { Rgb } from '../image-ops';
import { warnFarFromPhotos } from '../pictures';
import { meanFill, type PolicyContext, TORCHVISION_MAX, timmOps, torchvisionOps } from '../policy-ops';

/** timm's largest magnitude without mmax. */
const TIMM_MAX = 10;

/** The increasing set of timm's rand-...-inc1. */
const TIMM_NAMES = [
  'AutoContrast',
  'Equalize',
  'Invert',
  'Rotate',
  'PosterizeIncreasing',
  'SolarizeIncreasing',
  'SolarizeAdd',
  'ColorIncreasing',
  'ContrastIncreasing',
  'BrightnessIncreasing',
  'SharpnessIncreasing',
  'ShearX',
  'ShearY',
  'TranslateXRel',
  'TranslateYRel',
] as const;
const TORCHVISION_NAMES = Object.keys(torchvisionOps) as (keyof typeof torchvisionOps)[];

interface Options {
  variant: 'timm' | 'torchvision';
  ops: number;
  magnitude: number;
  magnitudeStd: number;
  p: number;
}

function timmLayer({ magnitude, magnitudeStd, p }: Options, rng: Rng, context: PolicyContext, mean: Rgb) {
  const name = TIMM_NAMES[rng.int(TIMM_NAMES.length)] as (typeof TIMM_NAMES)[number];
  // Drawn whether used or not, so that an option changes no later number.
  const skipped = rng.uniform() >= p;
  const drawn = rng.normal(magnitude, magnitudeStd);
  return skipped ? [] : timmOps(meanFill(mean))[name](Math.min(TIMM_MAX, Math.max(0, drawn)), context);
}

function torchvisionLayer({ magnitude }: Options, rng: Rng, context: PolicyContext) {
  const name = TORCHVISION_NAMES[rng.int(TORCHVISION_NAMES.length)] as (typeof TORCHVISION_NAMES)[number];
  return torchvisionOps[name](magnitude, context);
}

/** timm's rand-m9-mstd0.5-inc1 with bilinear sampling, and torchvision's RandAugment at its defaults. */
export const randAugment = defineTrick({
  id: 'rand-augment',
  label: 'RandAugment',
  summary:
    'Changes every image by a few operations drawn at random: colours, levels, turns and shifts, all at one strength.',
  paper: {
    title: 'RandAugment: practical automated data augmentation with a reduced search space (Cubuk et al. 2020)',
    url: 'https://arxiv.org/abs/1909.13719',
  },
  stage: 'augmentation',
  on: false,
  excludes: ['auto-augment'],
  options: z.object({
    variant: choice('timm', ['timm', 'torchvision'], {
      label: 'As in',
      help: 'timm: 15 operations, some skipped, filled with the mean colour. torchvision: 14, none skipped, filled with black.',
    }),
    ops: int(2, { min: 1, max: 8 }, { label: 'Operations', help: 'Drawn with replacement, for every image anew.' }),
    magnitude: int(
      9,
      { min: 0, max: TORCHVISION_MAX },
      { label: 'Magnitude', help: 'timm: of 10, more is taken as 10. torchvision: of 30.' },
    ),
    magnitudeStd: num(
      0.5,
      { min: 0, max: 10, step: 0.1 },
      { label: 'Spread of the magnitude', help: 'Standard deviation; timm only.' },
    ),
    p: num(
      0.5,
      { min: 0, max: 1, step: 0.05 },
      { label: 'Probability', help: 'That a drawn operation is applied; timm only.' },
    ),
  }),
  warn: (_options, { dataset }) => warnFarFromPhotos(dataset.pictures),
  timm: ({ variant, ops, magnitude, magnitudeStd, p }) => {
    if (variant === 'torchvision') return { impossible: "train.py has timm's RandAugment only, not torchvision's." };
    const policy = [
      'rand',
      `m${magnitude}`,
      ops !== 2 && `n${ops}`,
      p !== 0.5 && `p${p}`,
      `mstd${magnitudeStd}`,
      'inc1',
    ];
    return { args: ['--aa', policy.filter(Boolean).join('-'), '--train-interpolation', 'bilinear'] };
  },
  sample: (options, { rng, width, height, mean }) => {
    const planned: ImageOp[] = [];
    for (let layer = 0; layer < options.ops; layer++) {
      const context = { width, height, negative: rng.uniform() >= 0.5 };
      planned.push(
        ...(options.variant === 'timm'
          ? timmLayer(options, rng, context, mean)
          : torchvisionLayer(options, rng, context)),
      );
    }
    return planned;
  },
});
