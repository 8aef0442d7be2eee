/** Validation for a dataset that declares none: a fixed part of its training images, the same in every run, whatever its seed. */
import { rng } from '../core/rng';
import { splitOf } from './index';
import { MANY_SHARDS, shardStarts } from './order';
import { openSplitShards, type ShardSource } from './shards';
import type { ShardIndex } from './types';
import { announcer } from './waiting';

const HELD_OUT = 0.1;

/** Two parts of one split, for the loader's `within`: 1 = belongs to it, by sample number. */
export interface Holdout {
  training: Uint8Array;
  validation: Uint8Array;
}

/** A sample as the choice sees it; undefined if it can't be read: it stays with training, which reports it. */
export type Keyed = { key: string; label: number } | undefined;

/**
 * 1 for the samples held out: of each class the tenth with the lowest hashes of their keys, one at least unless it is the
 * only one of its class. It goes by key, not by place: the same images are held out of shards in another order.
 */
export function stratifiedHoldout(samples: readonly Keyed[]): Uint8Array {
  const classes = new Map<number, { place: number; hash: number }[]>();
  samples.forEach((sample, place) => {
    if (!sample) return;
    const { key, label } = sample;
    const members = classes.get(label) ?? [];
    members.push({ place, hash: rng(0, `data/holdout/${key}`).uint32() });
    classes.set(label, members);
  });
  const held = new Uint8Array(samples.length);
  for (const members of classes.values()) {
    if (members.length < 2) continue;
    members.sort((a, b) => a.hash - b.hash || a.place - b.place);
    for (const { place } of members.slice(0, Math.max(1, Math.round(HELD_OUT * members.length)))) held[place] = 1;
  }
  return held;
}

/** 1 for the samples of the shards held out: a tenth of the shards, by the hash of their names. */
export function shardHoldout(filenames: readonly string[], shardLengths: readonly number[]): Uint8Array {
  const starts = shardStarts(shardLengths);
  const held = new Uint8Array(starts[shardLengths.length] as number);
  const ranked = filenames
    .map((name, shard) => ({ shard, hash: rng(0, `data/holdout/${name}`).uint32() }))
    .sort((a, b) => a.hash - b.hash);
  for (const { shard } of ranked.slice(0, Math.round(HELD_OUT * filenames.length))) {
    held.fill(1, starts[shard], starts[shard + 1]);
  }
  return held;
}

/**
 * Holds out about a tenth of a split. Below 20 shards every label is read, which downloads them all, as the first epoch
 * would, and the choice is stratified by class; from 20 on whole shards are held out, so that neither part downloads the
 * other (shards are shuffled before they are written: that is the format's rule). Undefined if nothing can be spared.
 * Throws an Error for a person if a shard can't be downloaded.
 */
export async function holdOut(
  source: ShardSource,
  onProblem: (message: string) => void = () => {},
  onWaiting: (message: string | undefined) => void = () => {},
): Promise<Holdout | undefined> {
  const split = splitOf(source.index, source.split);
  const { filenames, shard_lengths: shardLengths } = split;
  const validation =
    filenames.length >= MANY_SHARDS
      ? shardHoldout(filenames, shardLengths)
      : stratifiedHoldout(await readKeys(source, shardLengths, onProblem, onWaiting));
  return validation.includes(1) ? { training: validation.map((bit) => 1 - bit), validation } : undefined;
}

/** A split, or the part of it whose samples are 1 in `within`. */
export interface SplitPart {
  split: string;
  within?: Uint8Array | undefined;
}

/** The declared split to validate on: 'validation', else 'val', else 'test'. */
const validationSplit = (index: ShardIndex): string | undefined =>
  ['validation', 'val', 'test'].find((name) => index.splits[name]);

export interface SplitParts {
  train: SplitPart;
  /** Absent where nothing can be spared. */
  validation: SplitPart | undefined;
}

/** What a run trains on and what it is validated on: a declared split, else a fixed part held out of the training images. */
export async function splitParts(
  source: Omit<ShardSource, 'split'>,
  onProblem?: (message: string) => void,
  onWaiting?: (message: string | undefined) => void,
): Promise<SplitParts> {
  const declared = validationSplit(source.index);
  if (declared) return { train: { split: 'train' }, validation: { split: declared } };
  const parts = await holdOut({ ...source, split: 'train' }, onProblem, onWaiting);
  return {
    train: { split: 'train', within: parts?.training },
    validation: parts && { split: 'train', within: parts.validation },
  };
}

async function readKeys(
  source: ShardSource,
  shardLengths: readonly number[],
  onProblem: (message: string) => void,
  onWaiting: (message: string | undefined) => void,
): Promise<Keyed[]> {
  const { during, heard } = announcer(onWaiting);
  const shards = await openSplitShards(source, onProblem, heard);
  try {
    const reading = Promise.all(
      shardLengths.map(async (length, number) => {
        const { samples } = await shards.get(number);
        return Array.from({ length }, (_, i): Keyed => {
          const sample = samples[i];
          return sample && 'label' in sample ? { key: sample.key, label: sample.label } : undefined;
        });
      }),
    );
    return (await during(reading)).flat();
  } finally {
    shards.close();
  }
}
