/** From what is asked to what is done: every hook of an experiment's parts, composed into the plan that the trainer executes. */
import {
  type LossPlan,
  type MixPlan,
  type ModelContext,
  type OptimizerPlan,
  type OptionValues,
  plainModel,
  type Rate,
  type ScalePlan,
} from '../catalog/define';
import type { Rgb } from '../catalog/image-ops';
import { mixPlan } from '../catalog/mixing';
import { datasetOf, optimizerOf, scheduleOf } from '../catalog/parts';
import { activeTricks } from '../catalog/tricks';
import type { Experiment } from './schema';

/** What only the data knows. */
export interface DataFacts {
  /** Training images that the run uses, after data.fraction. */
  trainImages: number;
  classes: number;
  /** Channel mean and std of its pixels, in [0, 1]. Default: what the catalog says of the experiment's dataset. */
  mean?: Rgb;
  std?: Rgb;
}

export interface TrainingPlan {
  /** Side of the input image, pixels. */
  size: number;
  /** Images per micro-batch. */
  batch: number;
  evalBatch: number;
  /** Micro-batches per update. */
  accumulation: number;
  precision: ScalePlan['precision'];
  /** Equal parts of a micro-batch that batch norm normalises by their own statistics: replicas without SyncBN; else 1. */
  normGroups: number;
  /** Whole micro-batches in an epoch; a last partial one is dropped. */
  microBatchesPerEpoch: number;
  /** The last update of an epoch may have fewer micro-batches than accumulation, and is divided by its own number. */
  updatesPerEpoch: number;
  totalUpdates: number;
  /** Epochs of the run, fractional where it ends inside one. */
  epochs: number;
  lossPlan: LossPlan;
  optimizerPlan: OptimizerPlan;
  modelContext: ModelContext;
  /** Base rate after linear scaling. */
  baseLr: number;
  /** Learning rate of an update, from 0. */
  lr: Rate;
  /** Mix plan of a micro-batch: epoch from 0, index within the epoch from 0. */
  mix: (epoch: number, microBatchIndex: number) => MixPlan;
  mean: Rgb;
  std: Rgb;
}

/** The facts that the catalog expects of the chosen dataset, before its index is read. */
export function expectedFacts(experiment: Experiment): DataFacts {
  const { trainImages, classes } = datasetOf(experiment.dataset);
  return { trainImages: Math.max(1, Math.round(trainImages * numberOf(experiment, 'data', 'fraction'))), classes };
}

/** A numeric option of a part; throws if the experiment was never checked. */
export function numberOf(experiment: Experiment, part: string, option: string): number {
  const value = experiment.options[part]?.[option];
  if (typeof value !== 'number') throw new Error(`The experiment has no number ${part}.${option}.`);
  return value;
}

const optionsOf = (experiment: Experiment, part: string): OptionValues => experiment.options[part] ?? {};

/** The whole plan of a run: pure, so the page previews with it what the trainer does. */
export function planTraining(experiment: Experiment, facts: DataFacts): TrainingPlan {
  const active = activeTricks(experiment);
  const size = numberOf(experiment, 'data', 'size');
  const batch = numberOf(experiment, 'data', 'batch');
  const lossPlan: LossPlan = { smoothing: 0 };
  const optimizer = optimizerOf(experiment.optimizer);
  const optimizerPlan = optimizer.plan(optionsOf(experiment, optimizer.id));
  const modelContext: ModelContext = { ...plainModel, classes: facts.classes, size };
  const scale: ScalePlan = {
    accumulation: 1,
    replicas: 1,
    syncBatchNorm: false,
    precision: { half: false, lossScale: 1 },
  };
  for (const { trick, options } of active) {
    Object.assign(lossPlan, trick.loss?.(options));
    Object.assign(optimizerPlan, trick.optimizer?.(options));
    Object.assign(modelContext, trick.model?.(options));
    Object.assign(scale, trick.scale?.(options));
  }
  const microBatchesPerEpoch = Math.max(1, Math.floor(facts.trainImages / batch));
  const updatesPerEpoch = Math.ceil(microBatchesPerEpoch / scale.accumulation);
  const asked = Math.max(1, Math.round(numberOf(experiment, 'stop', 'epochs') * updatesPerEpoch));
  const totalUpdates = Math.min(asked, numberOf(experiment, 'stop', 'steps') || asked);

  let baseLr = numberOf(experiment, optimizer.id, 'lr');
  for (const { trick, options } of active) {
    baseLr *= trick.scaleRate?.(options, batch * scale.accumulation, optimizer.scaling) ?? 1;
  }
  const schedule = scheduleOf(experiment.schedule);
  const context = { updatesPerEpoch, totalUpdates, baseLr };
  let rate = (c: typeof context): Rate => schedule.rate(optionsOf(experiment, schedule.id), c);
  for (const { trick, options } of active) {
    const inner = rate;
    if (trick.rate) rate = (c) => trick.rate?.(options, inner, c) ?? inner(c);
  }
  const { mean, std } = { ...datasetOf(experiment.dataset), ...facts };
  return {
    size,
    batch,
    evalBatch: numberOf(experiment, 'data', 'evalBatch'),
    accumulation: scale.accumulation,
    precision: scale.precision,
    normGroups: scale.syncBatchNorm ? 1 : scale.replicas,
    microBatchesPerEpoch,
    updatesPerEpoch,
    totalUpdates,
    epochs: totalUpdates / updatesPerEpoch,
    lossPlan,
    optimizerPlan,
    modelContext,
    baseLr,
    lr: rate(context),
    mix: (epoch, index) => mixPlan(active, experiment.seed, epoch, index, size),
    mean,
    std,
  };
}
