import { drawBatch, type TrainingEpoch, trainingEpoch } from '../data/epoch';
import { splitOf } from '../data/index';
import { wholeBatches } from '../data/loader';
import { leftOverNote, NOTHING_TO_VALIDATE, type OpenDataset } from '../data/open';
import { blockShardsOf, locate, shardStarts, subset } from '../data/order';
import { openSplitShards, type ShardSource } from '../data/shards';
import { numberOf, planTraining } from '../experiment/plan';
import type { Experiment } from '../experiment/schema';
import { Failure } from './failure';

interface Drawn {
  /** Number of each sample in its split. */
  samples: number[];
  keys: string[];
  labels: number[];
}

/** The images of a batch as training draws them, but for those whose damage only decoding would show. */
async function drawImages(
  source: ShardSource,
  epoch: TrainingEpoch,
  batch: number,
  onProblem: (message: string) => void,
): Promise<Drawn> {
  const { filenames, shard_lengths } = splitOf(source.index, source.split);
  const starts = shardStarts(shard_lengths);
  const shards = await openSplitShards(source, onProblem);
  const entryOf = async (sample: number) => {
    const place = locate(starts, sample);
    const shard = await shards.get(place.shard);
    const entry = shard.samples[place.index];
    if (entry && !('problem' in entry)) return { key: entry.key, label: entry.label };
    const why = entry ? `'${entry.key}' ${entry.problem}` : `${filenames[place.shard]}: ${shard.problem}`;
    return { why };
  };
  let unusable = 0;
  try {
    const samples = await drawBatch(epoch, batch, async (slots, tried) => {
      const failed: number[] = [];
      for (const slot of slots) {
        const entry = await entryOf(tried[slot] as number);
        if (!('why' in entry)) continue;
        failed.push(slot);
        if (++unusable > epoch.order.length)
          throw new Failure(`No image of the split "${source.split}" can be used: ${entry.why}.`);
      }
      return failed;
    });
    const entries = await Promise.all(samples.map(entryOf));
    return {
      samples,
      keys: entries.map(({ key }) => key ?? ''),
      labels: entries.map(({ label }) => label ?? 0),
    };
  } finally {
    shards.close();
  }
}

/** A micro-batch of an epoch, both from 0: with accumulation one of the several of an update. */
export async function planBatch(
  experiment: Experiment,
  dataset: OpenDataset,
  at: { epoch: number; microBatch: number },
  say: (message: string) => void,
) {
  const { train, validation } = await dataset.parts();
  const { index } = dataset;
  const split = splitOf(index, train.split);
  const set = subset(split.shard_lengths, numberOf(experiment, 'data', 'fraction'), train.within);
  const classes = index.classes.length;
  const plan = planTraining(experiment, { trainImages: set.count, classes });
  const microBatches = wholeBatches({ index, split: train.split, batchSize: plan.batch, training: true }, set.count);
  if (!validation) say(NOTHING_TO_VALIDATE);
  if (at.microBatch >= microBatches)
    throw new Failure(`An epoch has ${microBatches} batches: --step goes from 0 to ${microBatches - 1}.`);
  const moment = plan.at(at.epoch, at.microBatch);
  const { update } = moment;
  if (update >= plan.totalUpdates) {
    throw new Failure(
      `The run ends after ${plan.totalUpdates} updates; this batch would belong to number ${update + 1}.`,
    );
  }
  const epoch = trainingEpoch({
    seed: experiment.seed,
    epoch: at.epoch,
    shardLengths: split.shard_lengths,
    blockShards: blockShardsOf(split),
    set,
    batchSize: plan.batch,
  });
  const drawn = await drawImages(dataset.source(train.split), epoch, at.microBatch, say);
  const flat = plan.targets(drawn.labels, moment);
  const targets = drawn.labels.map((_, row) => Array.from(flat.subarray(row * classes, (row + 1) * classes)));
  return {
    epoch: at.epoch,
    step: at.microBatch,
    update,
    lr: plan.lr(update),
    mix: plan.mix(moment),
    ...drawn,
    targets,
    leftOver: leftOverNote(set.count, plan.batch),
  };
}
