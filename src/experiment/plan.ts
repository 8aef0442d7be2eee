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
import { mixedTargets, mixPlan } from '../catalog/mixing';
import { datasetOf, optimizerOf, scheduleOf } from '../catalog/parts';
import { type ActiveTrick, activeTricks } from '../catalog/tricks';
import { type Moment, momentOf } from '../core/moment';
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
  /** Equal parts of a micro-batch that stand for cards of their own. */
  replicas: number;
  /** Equal parts of a micro-batch that batch norm normalises by their own statistics: replicas without SyncBN; else 1. */
  normGroups: number;
  /** Whole micro-batches in an epoch; a last partial one is dropped. */
  microBatchesPerEpoch: number;
  /** The last update of an epoch may have fewer micro-batches than accumulation, and is divided by its own number. */
  updatesPerEpoch: number;
  totalUpdates: number;
  /** Epochs of the run, fractional where it ends inside one. */
  epochs: number;
  /** Epochs that are left to the schedule itself, after a warmup. */
  scheduledEpochs: number;
  lossPlan: LossPlan;
  optimizerPlan: OptimizerPlan;
  modelContext: ModelContext;
  /** Base rate after linear scaling. */
  baseLr: number;
  /** Learning rate of an update, from 0. */
  lr: Rate;
  /** The moment of a micro-batch: epoch from 0, place within the epoch from 0. */
  at: (epoch: number, microBatch: number) => Moment;
  /** Weight decay of the update of a moment. */
  weightDecay: (at: Moment) => number;
  /** How the micro-batch of a moment is mixed. */
  mix: (at: Moment) => MixPlan;
  /** Soft targets of the micro-batch of a moment, [labels.length, classes] row by row. Throws if a label is not a class. */
  targets: (labels: ArrayLike<number>, at: Moment) => Float32Array<ArrayBuffer>;
  /** The least share that any class of a target has at a moment. */
  leastTarget: (at: Moment) => number;
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

/**
 * A plan with what each trick adds to it. Two tricks that set one field are an error that names both: which one would count is
 * nothing that a person could see.
 */
export function filledIn<P extends object>(plan: P, additions: readonly { by: string; fields: Partial<P> }[]): P {
  const setBy = new Map<string, string>();
  for (const { by, fields } of additions) {
    for (const field of Object.keys(fields)) {
      const other = setBy.get(field);
      if (other)
        throw new Error(`${other} and ${by} cannot be on together: both decide ${field}. Switch one of them off.`);
      setBy.set(field, by);
    }
  }
  return Object.assign({}, plan, ...additions.map(({ fields }) => fields));
}

type PlanHook = 'loss' | 'optimizer' | 'model' | 'scale';

/** What the tricks' hooks of one kind add to a plan. */
const additionsOf = <H extends PlanHook>(active: readonly ActiveTrick[], hook: H) =>
  active.flatMap(({ trick, options }) => {
    const fields = trick[hook]?.(options) as ReturnType<NonNullable<ActiveTrick['trick'][H]>> | undefined;
    return fields ? [{ by: trick.label, fields }] : [];
  });

/** The whole plan of a run: pure, so the page previews with it what the trainer does. */
export function planTraining(experiment: Experiment, facts: DataFacts): TrainingPlan {
  const active = activeTricks(experiment);
  const size = numberOf(experiment, 'data', 'size');
  const batch = numberOf(experiment, 'data', 'batch');
  const optimizer = optimizerOf(experiment.optimizer);
  const lossPlan = filledIn<LossPlan>({ smoothing: () => 0 }, additionsOf(active, 'loss'));
  const optimizerPlan = filledIn<OptimizerPlan>(
    optimizer.plan(optionsOf(experiment, optimizer.id)),
    additionsOf(active, 'optimizer'),
  );
  const modelContext = { ...filledIn(plainModel, additionsOf(active, 'model')), classes: facts.classes, size };
  const scale = filledIn<ScalePlan>(
    { accumulation: 1, replicas: 1, syncBatchNorm: false, precision: { half: false, lossScale: 1 } },
    additionsOf(active, 'scale'),
  );
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
  let scheduledUpdates = totalUpdates;
  let rate = (c: typeof context): Rate => {
    scheduledUpdates = c.totalUpdates;
    return schedule.rate(optionsOf(experiment, schedule.id), c);
  };
  for (const { trick, options } of active) {
    const inner = rate;
    if (trick.rate) rate = (c) => trick.rate?.(options, inner, c) ?? inner(c);
  }
  const lr = rate(context);
  const { mean, std } = { ...datasetOf(experiment.dataset), ...facts };
  const mix = (at: Moment) => mixPlan(active, experiment.seed, at, size);
  return {
    size,
    batch,
    evalBatch: numberOf(experiment, 'data', 'evalBatch'),
    accumulation: scale.accumulation,
    precision: scale.precision,
    replicas: scale.replicas,
    normGroups: scale.syncBatchNorm ? 1 : scale.replicas,
    microBatchesPerEpoch,
    updatesPerEpoch,
    totalUpdates,
    epochs: totalUpdates / updatesPerEpoch,
    scheduledEpochs: scheduledUpdates / updatesPerEpoch,
    lossPlan,
    optimizerPlan,
    modelContext,
    baseLr,
    lr,
    at: (epoch, microBatch) => momentOf(context, scale.accumulation, { epoch, microBatch }),
    weightDecay: (at) => optimizerPlan.weightDecay * (optimizerPlan.decayFactor?.(at) ?? 1),
    mix,
    targets: (labels, at) => mixedTargets(labels, facts.classes, lossPlan.smoothing(at), mix(at)),
    leastTarget: (at) => lossPlan.smoothing(at) / facts.classes,
    mean,
    std,
  };
}
