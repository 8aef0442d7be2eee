/**
 * The fused trainer: a micro-batch, an update and an evaluation batch are each recorded once and replayed from then on.
 * What changes from one to the next lies in small tensors that are written before each replay.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { KernelTime, KernelVariant, Totals } from '../core/results';
import { batchLoss, taught } from './batch-loss';
import { freeingEarly, fusedEngine } from './fused';
import { countersSince, zeroCounters } from './gpu/counters';
import { gpu } from './gpu/dispatch';
import { fullPrecision } from './gpu/precision';
import { mergeTimes, Recording } from './gpu/recording';
import { variableGradients } from './gradients';
import { input } from './kernels/input';
import { ParameterArena } from './optimizer';
import { type ImageBatch, type Mix, noMix, type Trainer, type TrainerOptions } from './trainer';
import { keepTuning } from './tuning';

/** The tensors that a recording over `count` images reads, rewritten before each replay. */
interface Inputs {
  /** Pixels, four to a word. */
  words: tf.Tensor;
  mix: tf.Tensor;
  targets: tf.Tensor2D;
  labels: tf.Tensor1D;
  /** Number of the micro-batch. */
  microBatch: tf.Tensor;
}

interface Recorded {
  inputs: Inputs;
  recording: Recording<{ sums: tf.Tensor1D; logits?: tf.Tensor2D }>;
}

const totalsOf = ([loss = 0, top1 = 0, top5 = 0]: Float32Array): Totals => ({ loss, top1, top5 });

const mixValues = ({ lambda, box }: Mix) => Float32Array.of(lambda, box.x0, box.y0, box.x1, box.y1);

/** The array with zeros up to a length. */
function padded<T extends Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(values: T, length: number, fill = 0): T {
  if (values.length === length) return values;
  const longer = new (values.constructor as new (length: number) => T)(length);
  longer.fill(fill);
  longer.set(values);
  return longer;
}

function oneHot(labels: Int32Array, classes: number): Float32Array<ArrayBuffer> {
  const targets = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => {
    if (label >= 0) targets[i * classes + label] = 1;
  });
  return targets;
}

export function createRecordedTrainer(options: TrainerOptions): Trainer {
  const { parameters, forward, classes, evalBatch } = options;
  const { size } = options.input;
  const { precision = fullPrecision } = options;
  const inPrecision = <T extends tf.TensorContainer>(fn: () => T): T =>
    gpu().halves.within(precision, () => tf.tidy(fn));
  const arena = new ParameterArena(parameters, options.optimizer, options.accumulating, precision);
  // What building the network left, and where its weights lay before, would lie beside the recordings' own memory.
  gpu().flush();
  gpu().pool.trim();
  /** By number of images: a batch that lost corrupt samples is smaller. */
  const training = new Map<number, Recorded>();
  let update: Recording<void> | undefined;
  let evaluation: Recorded | undefined;
  /** What the latest update cost. */
  let cost = { ...zeroCounters(), jsMs: 0 };
  let variants: KernelVariant[] = [];
  let timing: ((times: KernelTime[] | Promise<KernelTime[]>) => void) | undefined;
  /** Recording takes time; the order of updates must not change meanwhile. */
  let queue: Promise<unknown> = Promise.resolve();

  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  };

  const makeInputs = (count: number): Inputs => {
    const words = Math.ceil((count * size * size * 3) / 4);
    return {
      words: tf.keep(tf.zeros([words], 'int32')),
      mix: tf.keep(tf.tensor1d(mixValues(noMix))),
      targets: tf.keep(tf.zeros([count, classes])),
      labels: tf.keep(tf.zeros([count], 'int32')),
      microBatch: tf.keep(tf.zeros([1], 'int32')),
    };
  };

  const image = ({ words, mix }: Inputs, count: number) =>
    tf.engine().makeTensorFromTensorInfo(input(gpu(), words, mix, { count, ...options.input })) as tf.Tensor4D;

  const recordTraining = async (count: number, onProgress?: (done: number, all: number) => void): Promise<Recorded> => {
    const inputs = makeInputs(count);
    const pass = () =>
      inPrecision(() => {
        const x = image(inputs, count);
        const { teacher } = options;
        const teacherLogits = taught(teacher, x);
        const { targets, labels, microBatch } = inputs;
        const { gradients, sums } = freeingEarly(arena.gradientPlaces(), () =>
          variableGradients(parameters.trainable(), () => {
            const logits = forward(x, { training: true, microBatch });
            return batchLoss(fusedEngine, { logits, targets, labels }, teacher, teacherLogits);
          }),
        );
        arena.gather(gradients);
        return { sums };
      });
    const met = gpu().tuner.collect(() => Recording.of(pass, onProgress));
    variants = met.variants;
    const recording = await met.result;
    return { inputs, recording };
  };

  const recordEvaluation = async (): Promise<Recorded> => {
    const inputs = makeInputs(evalBatch);
    const recording = await Recording.of(() =>
      tf.tidy(() => {
        const logits = forward(image(inputs, evalBatch), { training: false, microBatch: 0 });
        const { targets, labels } = inputs;
        return { sums: batchLoss(fusedEngine, { logits, targets, labels }).sums, logits };
      }),
    );
    return { inputs, recording };
  };

  const prepare = async (count: number, onProgress?: (done: number, all: number) => void) => {
    const recorded = training.get(count) ?? (await recordTraining(count, onProgress));
    training.set(count, recorded);
    update ??= await Recording.of(() => tf.tidy(() => arena.update()));
    return { recorded, update };
  };

  const forget = ({ inputs, recording }: Recorded) => {
    tf.dispose([recording.result, Object.values(inputs)]);
    recording.dispose();
  };

  const writeImages = ({ words, labels, targets }: Inputs, batch: ImageBatch, soft: Float32Array<ArrayBuffer>) => {
    gpu().write(words, padded(batch.pixels, 4 * words.size));
    gpu().write(labels, padded(batch.labels, labels.size, -1));
    gpu().write(targets, soft);
  };

  return {
    prepare: (count, onProgress) => inOrder(async () => void (await prepare(count, onProgress))),

    async update(batches, { lr, weightDecay = options.optimizer.weightDecay, firstMicroBatch }) {
      const reads = await inOrder(async () => {
        const sums: Promise<Float32Array>[] = [];
        const times: Promise<KernelTime[]>[] = [];
        const timed = timing;
        timing = undefined;
        const run = (recording: Recording<unknown>) => {
          if (timed) times.push(recording.replayTimed());
          else recording.replay();
        };
        const before = { ...gpu().counters };
        let jsMs = 0;
        for (const [i, batch] of batches.entries()) {
          const { recorded } = await prepare(batch.count);
          const { inputs, recording } = recorded;
          const start = performance.now();
          writeImages(inputs, batch, batch.targets);
          gpu().write(inputs.mix, mixValues(batch.mix));
          gpu().write(inputs.microBatch, Int32Array.of(firstMicroBatch + i));
          if (options.accumulating) gpu().write(arena.share, Float32Array.of(i === 0 ? 0 : 1, 1 / batches.length));
          run(recording);
          sums.push(gpu().read(recording.result.sums));
          jsMs += performance.now() - start;
        }
        const start = performance.now();
        arena.begin(lr, weightDecay);
        if (update) run(update);
        jsMs += performance.now() - start;
        cost = { ...countersSince(before, gpu().counters), jsMs };
        timed?.(Promise.all(times).then(mergeTimes));
        return { sums };
      });
      const totals = (await Promise.all(reads.sums)).map(totalsOf);
      return totals.reduce((a, b) => ({ loss: a.loss + b.loss, top1: a.top1 + b.top1, top5: a.top5 + b.top5 }));
    },

    async evaluate(batch, withLogits) {
      const reads = await inOrder(async () => {
        evaluation ??= await recordEvaluation();
        const { inputs, recording } = evaluation;
        const labels = padded(batch.labels, evalBatch, -1);
        writeImages(inputs, batch, oneHot(labels, classes));
        recording.replay();
        const { sums, logits } = recording.result;
        return { sums: gpu().read(sums), logits: withLogits && logits ? gpu().read(logits) : undefined };
      });
      const [sums, logits] = await Promise.all([reads.sums, reads.logits]);
      return { totals: totalsOf(sums), logits: logits?.subarray(0, batch.count * classes) };
    },

    exchangeAverages: () => inOrder(async () => arena.exchangeAverages()),

    tune: (budget, onProgress) =>
      inOrder(async () => {
        if (gpu().tuner.untried().length === 0) return;
        const changed = await gpu().tuner.tune(budget, onProgress);
        await keepTuning();
        if (changed === 0) return;
        for (const recorded of training.values()) forget(recorded);
        training.clear();
        if (evaluation) forget(evaluation);
        evaluation = undefined;
      }),

    report() {
      const { pool, counters } = gpu();
      const { pipelines, compileMs } = counters;
      const { liveBytes, peakBytes } = pool;
      return { engine: 'fused', ...cost, pipelines, compileMs, liveBytes, peakBytes, variants };
    },

    timeNextUpdate: () =>
      new Promise((resolve) => {
        timing = resolve;
      }),

    dispose() {
      timing?.([]);
      for (const recorded of [...training.values(), ...(evaluation ? [evaluation] : [])]) forget(recorded);
      update?.dispose();
      training.clear();
      arena.dispose();
    },
  };
}
