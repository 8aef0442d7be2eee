/** What the page asks the preview worker, and what it answers. Types only. */
import type { MixPlan } from '../../catalog/define';
import type { Experiment } from '../../experiment/schema';

interface Asked {
  id: number;
  experiment: Experiment;
  /** Address that the dataset's index is relative to. */
  base: string;
}

/** The first training batch of an epoch, augmented and mixed. */
export interface TrainingRequest extends Asked {
  kind: 'training';
  /** From 0. */
  epoch: number;
  /** Most images to show. */
  count: number;
}

/** Images of the validation, as the network is validated on them. */
export interface ValidationRequest extends Asked {
  kind: 'validation';
  /** Places in the order of the validation, and the keys that must stand there. */
  wanted: { place: number; key: string }[];
}

export type PreviewRequest = TrainingRequest | ValidationRequest;

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

/** Why there is no preview, for a person. */
interface NoPreview {
  problem: string;
}

export type TrainingPreview = { size: number; mix: MixPlan; images: PreviewImage[]; problem?: never } | NoPreview;

export type ValidationPreview =
  /** RGBA, [size, size, 4], in the order asked for; absent where the image is not in its place any more. */
  { size: number; images: (Uint8ClampedArray<ArrayBuffer> | undefined)[]; problem?: never } | NoPreview;

export type PreviewAnswer = { id: number } & (TrainingPreview | ValidationPreview);
