/** The life of one run: load, build, train, evaluate, pause, stop. Talks in protocol events; knows no tfjs. */
import { messageOf } from '../core/message';
import type { KernelTime, StepMetrics, Totals } from '../core/results';
import { openPool } from '../data/pool';
import type { Batch, ShardIndex } from '../data/types';
import type { Trainer } from '../engine';
import { planTraining, type TrainingPlan } from '../experiment/plan';
import { openIndex, openSplits, type Splits } from './dataset';
import { evaluate } from './evaluate';
import { createNetwork, type Network } from './network';
import { gatherPredictions } from './predictions';
import type { Event, RunTiming, SessionId, StartOptions } from './protocol';
import { trainStep } from './step';

/** Updates that may be on the GPU before the oldest one's metrics have come back; more was seen to be slower. */
const RUN_AHEAD = 2;
/** Milliseconds between two messages with step metrics. */
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
  stop(): void;
  /** Reports the performance of the next update with the time of each kernel family. */
  timeKernels(): void;
  /** Resolves when the run has ended, however it ended; never rejects. */
  ended: Promise<void>;
}

/** Time that runs only while the run does. */
class Stopwatch {
  private elapsed = 0;
  private since = performance.now();
  private running = true;

  get milliseconds(): number {
    return this.elapsed + (this.running ? performance.now() - this.since : 0);
  }

  halt(): void {
    this.elapsed = this.milliseconds;
    this.running = false;
  }

  go(): void {
    this.since = performance.now();
    this.running = true;
  }
}

/** A door that a paused run waits at. */
class Gate {
  private open = Promise.resolve();
  private release: (() => void) | undefined;

  get closed(): boolean {
    return this.release !== undefined;
  }

  close(): void {
    if (this.release) return;
    this.open = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  unlock(): void {
    this.release?.();
    this.release = undefined;
  }

  pass(): Promise<void> {
    return this.open;
  }
}

/** Groups batches into the micro-batches of one update; the last group of an epoch may be smaller. */
async function* windows(batches: AsyncIterable<Batch>, size: number): AsyncGenerator<Batch[]> {
  let group: Batch[] = [];
  for await (const batch of batches) {
    group.push(batch);
    if (group.length === size) {
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
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

async function open(options: StartOptions, progress: (message: string) => void): Promise<Room> {
  const { experiment } = options;
  if (experiment.on.distillation && !options.teacher)
    throw new Error('Distillation needs a teacher, and none was given.');
  const closers: (() => void)[] = [];
  const close = () => {
    for (const closer of closers.reverse()) closer();
  };
  try {
    progress('Reading the dataset');
    const index = await openIndex(experiment, options.data);
    const pool = openPool(options.dataWorkers);
    closers.push(() => pool.close());
    const splits = await openSplits({ index, experiment, pool, onProblem: progress });
    closers.push(() => splits.close());
    progress('Building the network');
    const plan = planTraining(experiment, { trainImages: splits.train.samples, classes: index.classes.length });
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

export function startSession(session: SessionId, options: StartOptions, emit: Emit): Session {
  const gate = new Gate();
  const clock = new Stopwatch();
  let stopping = false;
  let trainer: Trainer | undefined;
  let waiting: StepMetrics[] = [];
  let reported = 0;

  const flush = () => {
    if (waiting.length > 0) emit({ type: 'steps', session, metrics: waiting });
    waiting = [];
    reported = performance.now();
  };
  const progress = (message: string) => emit({ type: 'progress', session, message });

  const reportPerformance = (from: Trainer, kernels: KernelTime[] = []) =>
    emit({ type: 'performance', session, report: { ...from.report(), kernels } });

  const train = async (room: Room): Promise<RunTiming> => {
    const { plan, network, splits } = room;
    const planned = Math.min(plan.totalUpdates, options.maxSteps ?? Number.POSITIVE_INFINITY);
    const stepTimes: number[] = [];
    let firstStepMs = 0;
    let last = clock.milliseconds;
    let images = 0;
    let update = 0;

    const record = (totals: Totals, size: number, at: { update: number; wait: number }) => {
      const now = clock.milliseconds;
      if (firstStepMs === 0) firstStepMs = now;
      else stepTimes.push(now - last);
      images += size;
      if (!Number.isFinite(totals.loss)) {
        throw new Error(
          `The loss became ${Number.isNaN(totals.loss) ? 'NaN' : 'infinite'} at step ${at.update + 1}. ` +
            'Likely causes: the learning rate is too high for this batch size, or there is no warmup.' +
            (plan.precision.half ? ' In low precision a loss scale that is too high does it too.' : ''),
        );
      }
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
    const tune = async (running: Promise<void>[], stepMs: number) => {
      await Promise.all(running);
      const budget = Math.min(MOST_TUNING_MS, (planned - update) * stepMs * TUNING_SHARE);
      if (budget < LEAST_TUNING_MS) return;
      await network.trainer.tune(budget, (done, all) =>
        emit({ type: 'progress', session, message: 'Measuring kernels on this device', fraction: done / all }),
      );
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
    for (let epoch = 0; update < planned && !stopping; epoch++) {
      const pending: Promise<void>[] = [];
      let firstBatch = 0;
      let asked = performance.now();
      for await (const batches of windows(splits.train.epoch(epoch), plan.accumulation)) {
        const wait = performance.now() - asked;
        if (gate.closed) {
          await Promise.all(pending.splice(0));
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
        pending.push(
          trainStep(network, plan, batches, { epoch, firstBatch, update }).then((totals) => record(totals, size, at)),
        );
        update++;
        firstBatch += batches.length;
        if (pending.length > RUN_AHEAD) await pending.shift();
        if (update === TUNED_AFTER) await tune(pending.splice(0), median(stepTimes));
        if (update >= planned) break;
        asked = performance.now();
      }
      await Promise.all(pending);
      if (!stopping) await validate();
    }
    flush();
    return { firstStepMs, medianStepMs: median(stepTimes), totalMs: clock.milliseconds };
  };

  const live = async () => {
    const room = await open(options, progress);
    try {
      trainer = room.network.trainer;
      emit({
        type: 'started',
        session,
        parameters: room.network.parameterCount,
        stepsPerEpoch: room.plan.updatesPerEpoch,
        totalSteps: room.plan.totalUpdates,
        classes: room.index.classes,
      });
      const timing = await train(room);
      const { network } = room;
      const weights =
        options.returnWeights === 'averaged'
          ? await network.withAverages(() => network.save())
          : options.returnWeights && (await network.save());
      emit(
        { type: 'finished', session, reason: stopping ? 'stopped' : 'done', timing, ...(weights && { weights }) },
        weights ? [weights] : [],
      );
    } finally {
      room.close();
    }
  };

  const ended = live().catch((error: unknown) => {
    flush();
    emit({ type: 'failed', session, message: messageOf(error) });
  });

  return {
    pause: () => gate.close(),
    resume: () => gate.unlock(),
    stop: () => {
      stopping = true;
      gate.unlock();
    },
    timeKernels: () => {
      const timed = trainer;
      timed?.timeNextUpdate().then((kernels) => reportPerformance(timed, kernels));
    },
    ended,
  };
}
