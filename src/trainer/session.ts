/** The life of one run: load, build, train, evaluate, pause, stop. Talks in protocol events; knows no tfjs. */
import { messageOf } from '../core/message';
import type { KernelTime, Totals, UpdateMetrics } from '../core/results';
import { parseSafetensors } from '../core/safetensors';
import { type DataAccess, openDataset, openSplits, type Splits } from '../data/open';
import { openPool } from '../data/pool';
import type { ShardIndex } from '../data/types';
import type { Trainer } from '../engine';
import { planTraining, type TrainingPlan } from '../experiment/plan';
import { placeOf } from './dataset';
import { evaluate } from './evaluate';
import { IMPOSSIBLE_LOSS, isImpossible } from './impossible-loss';
import { createNetwork, type Network } from './network';
import { Gate, microBatches, Stopwatch } from './pacing';
import { gatherPredictions } from './predictions';
import type { Event, RunTiming, SessionId, StartOptions } from './protocol';
import { trainUpdate } from './update';

/** Updates that may be on the GPU before the oldest one's metrics have come back; more was seen to be slower. */
const RUN_AHEAD = 2;
/** Milliseconds between two messages with metrics of updates. */
const REPORT_EVERY = 200;
/** The first updates compile and fill pools; this one costs what all later ones do, until the kernels are tuned. */
const REPORTED_UPDATE = 2;
/** Updates before the kernels are tuned: the first point should not wait for it. */
const TUNED_AFTER = 5;
/** Of the time that the run is expected to take; and bounds, in milliseconds. */
const TUNING_SHARE = 0.03;
const LEAST_TUNING_MS = 2000;
const MOST_TUNING_MS = 20_000;

export type Emit = (event: Event, transfer?: Transferable[]) => void;

export interface Session {
  pause(): void;
  resume(): void;
  /** Ends whatever the run waits for; its weights come with the finished event. */
  stop(): void;
  /** Reports the performance of the next update with the time of each kernel family. */
  timeKernels(): void;
  /** Resolves when the run has ended, however it ended; never rejects. */
  ended: Promise<void>;
}

const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
};

/** Everything that a run holds, opened by open() and released by close(). */
interface Room {
  index: ShardIndex;
  plan: TrainingPlan;
  network: Network;
  splits: Splits;
  close(): void;
}

type Progress = (message: string) => void;

async function open(options: StartOptions, access: DataAccess, progress: Progress): Promise<Room> {
  const { experiment } = options;
  if (experiment.on.distillation && !options.teacher)
    throw new Error('Distillation needs a teacher, and none was given.');
  const closers: (() => void)[] = [];
  const close = () => {
    for (const closer of closers.reverse()) closer();
  };
  try {
    progress('Reading the dataset');
    const dataset = await openDataset(placeOf(experiment, options.data), access);
    const pool = openPool(options.dataWorkers);
    closers.push(() => pool.close());
    const splits = await openSplits(dataset, experiment, pool);
    closers.push(() => splits.close());
    progress('Building the network');
    const { index } = dataset;
    const plan = planTraining(experiment, splits.facts);
    const network = createNetwork(experiment, plan, options);
    closers.push(() => network.dispose());
    return {
      index,
      plan,
      network,
      splits,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** The reason of all waits that a stopped run gives up. */
class Stopped extends Error {}

const allNumbers = (weights: ArrayBuffer): boolean =>
  [...parseSafetensors(weights).values()].every(({ data }) => data.every(Number.isFinite));

export function startSession(session: SessionId, options: StartOptions, emit: Emit): Session {
  const gate = new Gate();
  const clock = new Stopwatch();
  const stopped = new AbortController();
  let stopping = false;
  let trainer: Trainer | undefined;
  let waiting: UpdateMetrics[] = [];
  let reported = 0;
  let learned = false;

  const flush = () => {
    if (waiting.length > 0) emit({ type: 'updates', session, metrics: waiting });
    waiting = [];
    reported = performance.now();
  };
  const progress: Progress = (message) => emit({ type: 'progress', session, message });
  const access: DataAccess = {
    signal: stopped.signal,
    onProblem: (message) => emit({ type: 'notice', session, message }),
    onWaiting: (message) => emit({ type: 'waiting', session, ...(message !== undefined && { message }) }),
  };

  const reportPerformance = (from: Trainer, kernels: KernelTime[] = []) =>
    emit({ type: 'performance', session, report: { ...from.report(), kernels } });

  const train = async (room: Room): Promise<RunTiming> => {
    const { plan, network, splits } = room;
    const planned = Math.min(plan.totalUpdates, options.maxUpdates ?? Number.POSITIVE_INFINITY);
    const updateTimes: number[] = [];
    let firstStepMs = 0;
    let last = clock.milliseconds;
    let images = 0;
    let update = 0;
    /** Updates whose figures have not come back yet, oldest first. */
    const pending: Promise<void>[] = [];
    const expect = (figures: Promise<void>) => {
      // Awaited later, in order: the first failure is the run's reason, and those after it are its echo.
      figures.catch(() => {});
      pending.push(figures);
    };
    const settle = async () => {
      for (const figures of pending.splice(0)) await figures;
    };

    const record = (totals: Totals, size: number, at: { update: number; wait: number }) => {
      const now = clock.milliseconds;
      if (firstStepMs === 0) firstStepMs = now;
      else updateTimes.push(now - last);
      images += size;
      if (!Number.isFinite(totals.loss)) {
        throw new Error(
          `The loss became ${Number.isNaN(totals.loss) ? 'NaN' : 'infinite'} at step ${at.update + 1}. ` +
            'Likely causes: the learning rate is too high for this batch size, or there is no warmup.' +
            (plan.precision.half ? ' In low precision a loss scale that is too high does it too.' : ''),
        );
      }
      // A student may say exactly what its teacher says.
      if (!options.experiment.on.distillation && isImpossible(totals.loss, totals.top1 / size))
        throw new Error(IMPOSSIBLE_LOSS);
      learned = true;
      waiting.push({
        step: at.update + 1,
        epoch: (at.update + 1) / plan.updatesPerEpoch,
        loss: totals.loss / size,
        top1: totals.top1 / size,
        top5: totals.top5 / size,
        lr: plan.lr(at.update),
        timeMs: now,
        imagesPerSecond: (size * 1000) / Math.max(0.001, now - last),
        dataWaitMs: at.wait,
        images,
      });
      last = now;
      if (at.update === REPORTED_UPDATE || at.update === TUNED_AFTER) reportPerformance(network.trainer);
      if (performance.now() - reported > REPORT_EVERY) flush();
    };

    /** Spends a small share of the time that the run will take on making it shorter. */
    const tune = async () => {
      await settle();
      const updateMs = median(updateTimes);
      const budget = Math.min(MOST_TUNING_MS, (planned - update) * updateMs * TUNING_SHARE);
      if (budget < LEAST_TUNING_MS) return;
      await network.trainer.tune(budget, (done, all) => {
        stopped.signal.throwIfAborted();
        emit({ type: 'progress', session, message: 'Measuring kernels on this device', fraction: done / all });
      });
      last = clock.milliseconds;
    };

    const measure = async ({ loader, split }: NonNullable<Splits['validation']>, averaged?: true) => {
      const { classes } = room.index;
      // What is looked into are the weights that are trained.
      const gathering = averaged
        ? undefined
        : gatherPredictions({ split, classes, samples: loader.samples, batchSize: plan.evalBatch });
      const { loss, top1, top5 } = await evaluate(network, loader.epoch(0), {
        ...(gathering && { onLogits: gathering.onLogits }),
        stopped: () => stopping,
      });
      if (stopping) return;
      if (!Number.isFinite(loss)) {
        throw new Error(
          `The validation loss${averaged ? ' of the averaged weights' : ''} became ${Number.isNaN(loss) ? 'NaN' : 'infinite'} after step ${update}, though the training loss did not: the network says no numbers of images that it sees one by one. ` +
            'Likely causes: the learning rate is too high, or there is no warmup.',
        );
      }
      if (isImpossible(loss, top1)) throw new Error(IMPOSSIBLE_LOSS);
      const at = { step: update, epoch: update / plan.updatesPerEpoch, timeMs: clock.milliseconds };
      emit({
        type: 'evaluated',
        session,
        metrics: { ...at, split, ...(averaged && { averaged }), loss, top1, top5 },
      });
      if (!gathering) return;
      const predictions = gathering.result(update);
      const { logits, labels, places } = predictions;
      emit({ type: 'predictions', session, predictions }, [logits.buffer, labels.buffer, places.buffer]);
    };

    /** Measures the weights, then their average if one is kept. */
    const validate = async () => {
      const { validation } = splits;
      if (!validation) return;
      flush();
      await measure(validation);
      if (plan.optimizerPlan.averaging && !stopping) await network.withAverages(() => measure(validation, true));
      last = clock.milliseconds;
    };

    progress('Compiling shaders for the first step');
    await network.trainer.prepare(plan.batch, (done, all) =>
      emit({ type: 'progress', session, message: 'Compiling shaders', fraction: done / all }),
    );
    const trainEpoch = async (epoch: number) => {
      let firstBatch = 0;
      let asked = performance.now();
      for await (const batches of microBatches(splits.train.epoch(epoch), plan.accumulation)) {
        const wait = performance.now() - asked;
        if (gate.closed) {
          await settle();
          flush();
          clock.halt();
          emit({ type: 'paused', session });
          await gate.pass();
          clock.go();
          if (!stopping) emit({ type: 'resumed', session });
        }
        if (stopping) break;
        const size = batches.reduce((sum, batch) => sum + batch.count, 0);
        const at = { update, wait };
        expect(
          trainUpdate(network, plan, batches, { epoch, firstBatch, update }).then((totals) => record(totals, size, at)),
        );
        update++;
        firstBatch += batches.length;
        if (pending.length > RUN_AHEAD) await pending.shift();
        if (update === TUNED_AFTER) await tune();
        if (update >= planned) break;
        asked = performance.now();
      }
      await settle();
    };
    for (let epoch = 0; update < planned && !stopping; epoch++) {
      try {
        await trainEpoch(epoch);
        if (!stopping) await validate();
      } catch (error) {
        // Stopped while it waited for data: what it learned so far is whole.
        if (!stopping) throw error;
        await settle();
      }
    }
    flush();
    return { firstStepMs, medianStepMs: median(updateTimes), totalMs: clock.milliseconds };
  };

  const weightsOf = async ({ network }: Room): Promise<ArrayBuffer | undefined> => {
    if (!options.returnWeights) return undefined;
    return options.returnWeights === 'averaged' ? network.withAverages(() => network.save()) : network.save();
  };

  /** What a failed run learned; undefined if that is nothing, or no numbers. */
  const rescued = async (room: Room): Promise<ArrayBuffer | undefined> => {
    const weights = learned ? await weightsOf(room).catch(() => undefined) : undefined;
    return weights && allNumbers(weights) ? weights : undefined;
  };

  const live = async (room: Room) => {
    trainer = room.network.trainer;
    for (const message of room.splits.notes) emit({ type: 'notice', session, message });
    emit({
      type: 'started',
      session,
      parameters: room.network.parameterCount,
      updatesPerEpoch: room.plan.updatesPerEpoch,
      totalUpdates: room.plan.totalUpdates,
      classes: room.index.classes,
    });
    const timing = await train(room);
    const weights = await weightsOf(room);
    emit(
      { type: 'finished', session, reason: stopping ? 'stopped' : 'done', timing, ...(weights && { weights }) },
      weights ? [weights] : [],
    );
  };

  const fail = (error: unknown, weights?: ArrayBuffer) => {
    flush();
    emit({ type: 'failed', session, message: messageOf(error), ...(weights && { weights }) }, weights ? [weights] : []);
  };

  const run = async () => {
    let room: Room;
    try {
      room = await open(options, access, progress);
    } catch (error) {
      if (!stopping) return fail(error);
      const timing: RunTiming = { firstStepMs: 0, medianStepMs: 0, totalMs: clock.milliseconds };
      return emit({ type: 'finished', session, reason: 'stopped', timing });
    }
    try {
      await live(room);
    } catch (error) {
      fail(error, await rescued(room));
    } finally {
      room.close();
    }
  };

  const ended = run();

  return {
    pause: () => gate.close(),
    resume: () => gate.unlock(),
    stop: () => {
      stopping = true;
      gate.unlock();
      stopped.abort(new Stopped('The run was stopped.'));
    },
    timeKernels: () => {
      const timed = trainer;
      timed?.timeNextUpdate().then((kernels) => reportPerformance(timed, kernels));
    },
    ended,
  };
}
