/** The registry of tricks, in the order in which they act. Adding a trick is its file and one line here. */
import type { OptionValues, Trick } from '../define';
import { alternatingFlip } from './alternating-flip';
import { autoAugment } from './auto-augment';
import { colorJitter } from './color-jitter';
import { cutmix } from './cutmix';
import { distillation } from './distillation';
import { dropout } from './dropout';
import { ema } from './ema';
import { flip } from './flip';
import { gaussianBlur } from './gaussian-blur';
import { gradientAccumulation } from './gradient-accumulation';
import { gradientClipping } from './gradient-clipping';
import { grayscale } from './grayscale';
import { labelSmoothing } from './label-smoothing';
import { lightingNoise } from './lighting-noise';
import { linearScaling } from './linear-scaling';
import { lowPrecision } from './low-precision';
import { mixup } from './mixup';
import { mixupOff } from './mixup-off';
import { noBiasDecay } from './no-bias-decay';
import { paddedCrop } from './padded-crop';
import { randAugment } from './rand-augment';
import { randomErasing } from './random-erasing';
import { randomResizedCrop } from './random-resized-crop';
import { replicas } from './replicas';
import { stochasticDepth } from './stochastic-depth';
import { syncBn } from './sync-bn';
import { warmup } from './warmup';
import { weightDecaySchedule } from './weight-decay-schedule';
import { zeroGamma } from './zero-gamma';

export const tricks: readonly Trick[] = [
  zeroGamma,
  stochasticDepth,
  dropout,
  randomResizedCrop,
  paddedCrop,
  flip,
  alternatingFlip,
  autoAugment,
  randAugment,
  colorJitter,
  lightingNoise,
  grayscale,
  gaussianBlur,
  randomErasing,
  mixup,
  cutmix,
  mixupOff,
  labelSmoothing,
  distillation,
  noBiasDecay,
  weightDecaySchedule,
  gradientClipping,
  ema,
  linearScaling,
  warmup,
  gradientAccumulation,
  replicas,
  syncBn,
  lowPrecision,
];

/** The tricks that cannot be on together with one: those that it excludes, and those that exclude it. In registry order. */
export function rivalsOf(id: string): Trick[] {
  const own = tricks.find((trick) => trick.id === id)?.excludes ?? [];
  return tricks.filter((trick) => own.includes(trick.id) || trick.excludes?.includes(id));
}

/** What of an experiment the tricks need: the switches and the options, by part id. */
export interface Switches {
  on: Record<string, boolean>;
  options: Record<string, OptionValues>;
}

export interface ActiveTrick {
  trick: Trick;
  options: OptionValues;
}

/** The tricks that are on, with their options, in registry order. */
export function activeTricks({ on, options }: Switches): ActiveTrick[] {
  return tricks.filter(({ id }) => on[id]).map((trick) => ({ trick, options: options[trick.id] ?? {} }));
}
