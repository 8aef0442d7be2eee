/** Shards and batches: the types that the loader, the pool and the trainer share. */

export interface ShardSplit {
  name: string;
  num_samples: number;
  filenames: string[];
  shard_lengths: number[];
  shard_bytes?: number[];
  shard_sha256?: string[];
  class_counts?: number[];
}

/** `_info.json` of a WebDataset, as timm reads it. */
export interface ShardIndex {
  name: string;
  license?: string;
  source?: string;
  classes: string[];
  splits: Record<string, ShardSplit>;
  /** URL that file names are relative to. */
  baseUrl: string;
}

/** One (micro-)batch, ready for the GPU. Buffers are transferred, never copied. */
export interface Batch {
  /** uint8 RGB, [count, size, size, 3]. */
  pixels: Uint8Array;
  /** Class indices, [count]. */
  labels: Int32Array;
  count: number;
  /** Sample keys, for predictions. */
  keys: string[];
  /** Position of the batch in its epoch, from 0. */
  index: number;
}
