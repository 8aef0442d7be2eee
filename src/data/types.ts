/** Shards and batches: the types that the loader, the pool and the trainer share. */
import type { OptionValues } from '../catalog/define';
import type { Rgb } from '../catalog/image-ops';

export interface ShardSplit {
  name: string;
  num_samples: number;
  filenames: string[];
  shard_lengths: number[];
  shard_bytes?: number[];
  shard_sha256?: string[];
  class_counts?: number[];
  /** Key of the label in a sample's .json; else it is in its .cls. */
  alt_label?: string;
}

/** `_info.json` of a WebDataset, as timm reads it. */
export interface ShardIndex {
  name: string;
  license?: string;
  source?: string;
  classes: string[];
  /** Of each channel of the training pixels, in [0, 1]. */
  mean?: Rgb;
  std?: Rgb;
  splits: Record<string, ShardSplit>;
  /** URL that file names are relative to. */
  baseUrl: string;
}

/** One (micro-)batch, ready for the GPU. Buffers are transferred, never copied. */
export interface Batch {
  /** uint8 RGB, [count, size, size, 3]. */
  pixels: Uint8Array<ArrayBuffer>;
  /** Class indices, [count]. */
  labels: Int32Array<ArrayBuffer>;
  count: number;
  /** Sample keys, for predictions. */
  keys: string[];
  /** Position of the batch in its epoch, from 0. */
  index: number;
}

/** uint8 RGB image, rows from the top, [height, width, 3]. */
export interface RgbImage {
  width: number;
  height: number;
  data: Uint8Array<ArrayBuffer>;
}

/** The part of an experiment that decides the pixels of a sample. */
export interface SampleRecipe {
  /** Side of the square the network takes, pixels. */
  size: number;
  /** Trick id -> on. */
  on: Record<string, boolean>;
  /** Part id -> its options. */
  options: Record<string, OptionValues>;
  /** Channel mean and std of the dataset in [0, 1]: what tricks fill and erase with. Default ImageNet's. */
  mean?: Rgb;
  std?: Rgb;
}

/** Work for one data worker: some samples of one batch. */
export interface DecodeJob {
  id: number;
  /** Loader that asks: decoded images are kept per source. */
  source: string;
  seed: number;
  epoch: number;
  /** Augment as the recipe says, or only preprocess for evaluation. */
  training: boolean;
  recipe: SampleRecipe;
  /** Global sample number within the split: names the augmentation's random stream. */
  sampleIndex: number[];
  /** Encoded images one after the other; sample i is [offsets[i], offsets[i + 1]). Transferred. */
  encoded: Uint8Array<ArrayBuffer>;
  offsets: number[];
}

export interface DecodeResult {
  id: number;
  /** uint8 RGB, [samples, size, size, 3]; zeros where a sample failed. Transferred. */
  pixels: Uint8Array<ArrayBuffer>;
  /** Samples of the job that could not be decoded, and why. */
  failures: { sample: number; message: string }[];
  /** The job as a whole failed (a trick threw): a bug, not bad data. */
  error?: string;
}

/** A data worker is at work on a job: sent while it is, so that silence means that it has died. */
export interface DecodeSign {
  id: number;
  alive: true;
}

export type FromDataWorker = DecodeResult | DecodeSign;

export type ToDataWorker = ({ type: 'decode' } & DecodeJob) | { type: 'forget'; source: string };
