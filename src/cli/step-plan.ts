/** The command `plan`: what happens to one batch of a run, as the trainer will do it: its images, its mixing, its targets. */
import { mixedTargets } from '../catalog/mixing';
import { messageOf } from '../core/message';
import { drawBatch, type TrainingEpoch, trainingEpoch } from '../data/epoch';
import { splitOf } from '../data/index';
import { wholeBatches } from '../data/loader';
import { leftOverNote, NOTHING_TO_VALIDATE, type OpenDataset } from '../data/open';
import { blockShardsOf, locate, shardStarts, subset } from '../data/order';
import { openSplitShards, type ShardSource } from '../data/shards';
import { numberOf, planTraining } from '../experiment/plan';
import type { Experiment } from '../experiment/schema';
import { readArguments, wholeNumber } from './arguments';
import { readExperiment, withKeys } from './experiment-source';
import { Failure } from './failure';
import { openNodeDataset } from './node-shards';
import { answer, type Output } from './output';

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

/** Batch `step` of epoch `epoch`, both from 0; with accumulation a step is one of the batches of an update. */
async function planStep(
  experiment: Experiment,
  dataset: OpenDataset,
  at: { epoch: number; step: number },
  say: (message: string) => void,
) {
  const { train, validation } = await dataset.parts();
  const { index } = dataset;
  const split = splitOf(index, train.split);
  const set = subset(split.shard_lengths, numberOf(experiment, 'data', 'fraction'), train.within);
  const classes = index.classes.length;
  const plan = planTraining(experiment, { trainImages: set.count, classes });
  const steps = wholeBatches({ index, split: train.split, batchSize: plan.batch, training: true }, set.count);
  if (!validation) say(NOTHING_TO_VALIDATE);
  if (at.step >= steps) throw new Failure(`An epoch has ${steps} batches: --step goes from 0 to ${steps - 1}.`);
  const update = at.epoch * plan.updatesPerEpoch + Math.floor(at.step / plan.accumulation);
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
  const drawn = await drawImages(dataset.source(train.split), epoch, at.step, say);
  const mix = plan.mix(at.epoch, at.step);
  const flat = mixedTargets(drawn.labels, classes, plan.lossPlan.smoothing, mix);
  const targets = drawn.labels.map((_, row) => Array.from(flat.subarray(row * classes, (row + 1) * classes)));
  return {
    ...at,
    update,
    lr: plan.lr(update),
    mix,
    smoothing: plan.lossPlan.smoothing,
    ...drawn,
    targets,
    leftOver: leftOverNote(set.count, plan.batch),
  };
}

export async function plan(argv: readonly string[], output: Output): Promise<void> {
  const args = readArguments(argv, ['data', 'epoch', 'step', 'out'], 1);
  const word = args.words[0];
  if (word === undefined) throw new Failure('plan needs an experiment: a JSON file, a link or preset:NAME.');
  const experiment = withKeys(readExperiment(word), args.set);
  const at = { epoch: wholeNumber(args, 'epoch', 0) ?? 0, step: wholeNumber(args, 'step', 0) ?? 0 };
  const say = (message: string) => output.stderr(`${message}\n`);
  const dataset = await openNodeDataset(experiment, args.values.data, say);
  const planned = await planStep(experiment, dataset, at, say).catch((error: unknown) => {
    throw new Failure(messageOf(error));
  });
  const { mix, keys, lr } = planned;
  const words = mix.kind === 'none' ? 'not mixed' : `${mix.kind} with lambda ${mix.lambda.toPrecision(4)}`;
  const summary = `epoch ${at.epoch}, batch ${at.step}: ${keys.length} images, ${words}, learning rate ${lr.toPrecision(4)}${planned.leftOver ? `. ${planned.leftOver}` : ''}`;
  answer(output, planned, summary, { json: args.json, file: args.values.out });
}
