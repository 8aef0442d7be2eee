/** What happens to one batch of a run, as the trainer will do it: its images, its mixing, its targets. */
import { splitParts } from '../data/holdout';
import { splitOf } from '../data/index';
import { batchCount, blockShardsOf, locate, sampleOrder, shardStarts, subset } from '../data/order';
import { openSplitShards } from '../data/shards';
import type { ShardIndex } from '../data/types';
import { numberOf, planTraining } from '../experiment/plan';
import type { Experiment } from '../experiment/schema';
import { Failure } from './failure';
import { shardSource } from './node-shards';

interface Drawn {
  /** Number of each sample in its split. */
  samples: number[];
  keys: string[];
  labels: number[];
}

/** The images of a batch in the loader's order. A sample without image or label is replaced by the next, as in training. */
async function drawBatch(
  index: ShardIndex,
  { split, order, first, count }: { split: string; order: Uint32Array; first: number; count: number },
  onProblem: (message: string) => void,
): Promise<Drawn> {
  const starts = shardStarts(splitOf(index, split).shard_lengths);
  const shards = await openSplitShards(shardSource(index, split), onProblem);
  const drawn: Drawn = { samples: [], keys: [], labels: [] };
  try {
    for (let slot = 0; slot < count; slot++) {
      for (let tried = 0; ; tried++) {
        if (tried === order.length) throw new Failure(`No image of the split "${split}" can be used.`);
        const sample = order[(first + slot + tried) % order.length] as number;
        const place = locate(starts, sample);
        const entry = (await shards.get(place.shard)).samples[place.index];
        if (!entry || 'problem' in entry) continue;
        drawn.samples.push(sample);
        drawn.keys.push(entry.key);
        drawn.labels.push(entry.label);
        break;
      }
    }
  } finally {
    shards.close();
  }
  return drawn;
}

/** Batch `step` of epoch `epoch`, both from 0; with accumulation a step is one of the batches of an update. */
export async function planStep(
  experiment: Experiment,
  index: ShardIndex,
  at: { epoch: number; step: number },
  onProblem: (message: string) => void,
) {
  const { train } = await splitParts(index, onProblem, shardSource);
  const split = splitOf(index, train.split);
  const set = subset(split.shard_lengths, numberOf(experiment, 'data', 'fraction'), train.within);
  const classes = index.classes.length;
  const plan = planTraining(experiment, { trainImages: set.count, classes });
  const steps = batchCount(set.count, plan.batch, true);
  if (steps === 0) {
    throw new Failure(
      `The split "${train.split}" has ${set.count} images to use, too few for a batch of ${plan.batch}. Choose a smaller batch or a larger share of the data.`,
    );
  }
  if (at.step >= steps) throw new Failure(`An epoch has ${steps} batches: --step goes from 0 to ${steps - 1}.`);
  const moment = plan.at(at.epoch, at.step);
  const { update } = moment;
  if (update >= plan.totalUpdates) {
    throw new Failure(
      `The run ends after ${plan.totalUpdates} updates; this batch would belong to number ${update + 1}.`,
    );
  }
  const order = sampleOrder({
    seed: experiment.seed,
    epoch: at.epoch,
    shardLengths: split.shard_lengths,
    blockShards: blockShardsOf(split),
    set,
  });
  const range = { split: train.split, order, first: at.step * plan.batch, count: plan.batch };
  const drawn = await drawBatch(index, range, onProblem);
  const flat = plan.targets(drawn.labels, moment);
  const targets = drawn.labels.map((_, row) => Array.from(flat.subarray(row * classes, (row + 1) * classes)));
  return { ...at, update, lr: plan.lr(update), mix: plan.mix(moment), ...drawn, targets };
}
