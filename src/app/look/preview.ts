/** What the preview's worker can be called for. Types only. */
import type { MixPlan } from '../../catalog/define';
import type { Experiment } from '../../experiment/schema';

interface Asked {
  experiment: Experiment;
  /** Address that the dataset's index is relative to. */
  base: string;
}

/** The first training batch of an epoch, augmented and mixed. */
export interface TrainingRequest extends Asked {
  /** From 0. */
  epoch: number;
  /** Most images to show. */
  count: number;
}

/** Images of the validation, as the network is validated on them. */
export interface ValidationRequest extends Asked {
  /** Places in the order of the validation, and the keys that must stand there. */
  wanted: { place: number; key: string }[];
}

export interface PreviewImage {
  /** Of the sample in its dataset. */
  key: string;
  /** RGBA, [size, size, 4]. */
  pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Soft target: classes above the least share, largest first. Shares in [0, 1]. */
  target: { name: string; share: number }[];
  /** Share of every other class. */
  leastTarget: number;
}

export interface TrainingPreview {
  size: number;
  mix: MixPlan;
  images: PreviewImage[];
}

export interface ValidationPreview {
  size: number;
  /** RGBA, [size, size, 4], in the order asked for; absent where the image is not in its place any more. */
  images: (Uint8ClampedArray<ArrayBuffer> | undefined)[];
}

/** Each rejects in words; undefined for a request that a newer one has overtaken. */
export type PreviewCalls = {
  training(request: TrainingRequest): Promise<TrainingPreview | undefined>;
  validation(request: ValidationRequest): Promise<ValidationPreview | undefined>;
};
