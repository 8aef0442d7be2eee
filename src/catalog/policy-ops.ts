/**
 * The operations that RandAugment and AutoAugment draw from, and what their magnitudes mean: timm's data/auto_augment.py
 * and torchvision's transforms/autoaugment.py.
 */
import { roundHalfEven } from '../core/rounding';
import type { ImageOp, Resample, Rgb } from './image-ops';

/** What an operation needs to know besides its magnitude. */
export interface PolicyContext {
  /** Size of the image, pixels. */
  width: number;
  height: number;
  /** Half of the draws: turns, shifts and factors go the other way. */
  negative: boolean;
}

type Meaning = (magnitude: number, context: PolicyContext) => ImageOp[];

/** timm's fill: the dataset's mean colour in levels of 255. */
export function meanFill(mean: Rgb): Rgb {
  const level = (share: number) => Math.min(255, roundHalfEven(255 * share));
  return [level(mean[0]), level(mean[1]), level(mean[2])];
}

/** Magnitudes of timm run from 0 to 10; its operations by name, for a fill. */
export function timmOps(fill: Rgb) {
  const sampling = { resample: 'bilinear' as Resample, fill };
  const signed = (value: number, { negative }: PolicyContext) => (negative ? -value : value);
  /** 0.1 to 1.9, 1 in the middle. */
  const factor = (m: number) => (m / 10) * 1.8 + 0.1;
  /** 1 at magnitude 0, away from it to either side. */
  const away = (m: number, context: PolicyContext) => Math.max(0.1, 1 + signed((m / 10) * 0.9, context));
  const solarizeLevel = (m: number) => Math.min(256, Math.trunc((m / 10) * 256));
  return {
    AutoContrast: () => [{ op: 'autocontrast' }],
    Equalize: () => [{ op: 'equalize' }],
    Invert: () => [{ op: 'invert' }],
    Rotate: (m, c) => [{ op: 'rotate', degrees: signed((m / 10) * 30, c), ...sampling }],
    PosterizeOriginal: (m) => [{ op: 'posterize', bits: Math.trunc((m / 10) * 4) + 4 }],
    PosterizeIncreasing: (m) => [{ op: 'posterize', bits: 4 - Math.trunc((m / 10) * 4) }],
    Solarize: (m) => [{ op: 'solarize', threshold: solarizeLevel(m) }],
    SolarizeIncreasing: (m) => [{ op: 'solarize', threshold: 256 - solarizeLevel(m) }],
    SolarizeAdd: (m) => [{ op: 'solarize-add', add: Math.min(128, Math.trunc((m / 10) * 110)) }],
    Color: (m) => [{ op: 'saturation', factor: factor(m) }],
    ColorIncreasing: (m, c) => [{ op: 'saturation', factor: away(m, c) }],
    Contrast: (m) => [{ op: 'contrast', factor: factor(m) }],
    ContrastIncreasing: (m, c) => [{ op: 'contrast', factor: away(m, c) }],
    BrightnessIncreasing: (m, c) => [{ op: 'brightness', factor: away(m, c) }],
    Sharpness: (m) => [{ op: 'sharpness', factor: factor(m) }],
    SharpnessIncreasing: (m, c) => [{ op: 'sharpness', factor: away(m, c) }],
    ShearX: (m, c) => [{ op: 'shear-x', factor: signed((m / 10) * 0.3, c), ...sampling }],
    ShearY: (m, c) => [{ op: 'shear-y', factor: signed((m / 10) * 0.3, c), ...sampling }],
    TranslateXRel: (m, c) => [{ op: 'translate-x', pixels: signed((m / 10) * 0.45, c) * c.width, ...sampling }],
    TranslateYRel: (m, c) => [{ op: 'translate-y', pixels: signed((m / 10) * 0.45, c) * c.height, ...sampling }],
  } as const satisfies Record<string, Meaning>;
}

export type TimmOpName = keyof ReturnType<typeof timmOps>;

/** Largest magnitude of torchvision's RandAugment: it counts 31 bins from 0. */
export const TORCHVISION_MAX = 30;

/** torch.linspace(0, end, 31)[m], to the last bit: in float32 with fused multiply-add, counted from the nearer end. */
function linspace(end: number, m: number): number {
  const step = Math.fround(Math.fround(end) / TORCHVISION_MAX);
  if (m < TORCHVISION_MAX / 2) return Math.fround(step * m);
  return Math.fround(Math.fround(end) - step * (TORCHVISION_MAX - m));
}

/** torchvision's operations by name: magnitudes 0 to 30, nearest neighbour, black outside. */
export const torchvisionOps = (() => {
  const sampling = { resample: 'nearest' as Resample, fill: [0, 0, 0] as const };
  const signed = (most: number, m: number, { negative }: PolicyContext) =>
    negative ? -linspace(most, m) : linspace(most, m);
  const factor = (m: number, context: PolicyContext) => 1 + signed(0.9, m, context);
  /** Whole pixels, and the other way round than timm's. */
  const pixels = (side: number, m: number, context: PolicyContext) =>
    0 - Math.trunc(signed((150 / 331) * side, m, context));
  return {
    Identity: () => [],
    ShearX: (m, c) => [{ op: 'shear-x', factor: signed(0.3, m, c), ...sampling }],
    ShearY: (m, c) => [{ op: 'shear-y', factor: signed(0.3, m, c), ...sampling }],
    TranslateX: (m, c) => [{ op: 'translate-x', pixels: pixels(c.width, m, c), ...sampling }],
    TranslateY: (m, c) => [{ op: 'translate-y', pixels: pixels(c.height, m, c), ...sampling }],
    Rotate: (m, c) => [{ op: 'rotate', degrees: signed(30, m, c), ...sampling }],
    Brightness: (m, c) => [{ op: 'brightness', factor: factor(m, c) }],
    Color: (m, c) => [{ op: 'saturation', factor: factor(m, c) }],
    Contrast: (m, c) => [{ op: 'contrast', factor: factor(m, c) }],
    Sharpness: (m, c) => [{ op: 'sharpness', factor: factor(m, c) }],
    Posterize: (m) => [{ op: 'posterize', bits: 8 - Math.round((m * 4) / TORCHVISION_MAX) }],
    Solarize: (m) => [{ op: 'solarize', threshold: 255 - linspace(255, m) }],
    AutoContrast: () => [{ op: 'autocontrast' }],
    Equalize: () => [{ op: 'equalize' }],
  } as const satisfies Record<string, Meaning>;
})();
