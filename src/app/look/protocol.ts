/** What the page asks the preview worker, and what it answers. Types only. */
import type { MixPlan } from '../../catalog/define';
import type { Experiment } from '../../experiment/schema';

export interface PreviewRequest {
  id: number;
  experiment: Experiment;
  /** From 0. */
  epoch: number;
  /** Most images to show. */
  count: number;
  /** Address that the dataset's index is relative to. */
  base: string;
}

export interface PreviewImage {
  /** Of the sample in its dataset. */
  key: string;
  /** RGBA, [size, size, 4]. */
  pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Soft target: classes above the common floor, largest first. Shares in [0, 1]. */
  target: { name: string; share: number }[];
  /** What every other class gets: label smoothing. */
  floor: number;
}

export type PreviewAnswer =
  | { id: number; size: number; mix: MixPlan; images: PreviewImage[]; problem?: never }
  /** Why there is no preview, for a person. */
  | { id: number; problem: string };
