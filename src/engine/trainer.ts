/**
 * What trains: forward, backward, update and evaluation of one network with one optimizer. Two implementations with the same
 * arithmetic: recorded.ts (our kernels, captured and replayed) and eager.ts (plain tfjs ops, any backend).
 */
import type { Tensor, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import type { OptimizerPlan } from '../core/optimizer';
import type { KernelTime, PerformanceReport, Totals } from '../core/results';
import type { Precision } from './gpu/precision';
import type { Given, Inputs, Op } from './ops/define';
import type { DistillationSettings } from './ops/loss';
import type { Parameters } from './parameters';

/** Our own kernels, captured and replayed; or plain tfjs ops, one by one. */
export type EngineName = 'fused' | 'reference';

/** Who runs ops over tensors. */
export interface Engine {
  name: EngineName;
  /** All outputs that the engine makes, the first one always. Throws, in words, where the inputs do not fit. */
  run<I extends Inputs, A, O extends string, K extends string>(
    op: Op<I, A, O, K>,
    inputs: Given<I, Tensor, Variable>,
    attributes: A,
  ): Partial<Record<O, Tensor>>;
}

/** Number of a micro-batch in its run: known, or, for a recording, an int32 tensor [1] that is written before each replay. */
export type MicroBatchNumber = number | Tensor;

/** How bytes become the network's input: count images of size x size; mean and std per channel, in [0, 1]. */
export interface InputSettings {
  count: number;
  size: number;
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
}

/** Images of a (micro-)batch as they come from the data workers. */
export interface ImageBatch {
  /** uint8 RGB [count, size, size, 3]. */
  pixels: Uint8Array<ArrayBuffer>;
  count: number;
  /** Class of each image; in training the dominant one of a mix. */
  labels: Int32Array<ArrayBuffer>;
}

/** How images are mixed with the batch in reverse order: lambda of the image, 1 - lambda of the partner, the box all partner's. */
export interface Mix {
  lambda: number;
  /** Pixels, ends excluded. */
  box: { x0: number; y0: number; x1: number; y1: number };
}

export const noMix: Mix = { lambda: 1, box: { x0: 0, y0: 0, x1: 0, y1: 0 } };

export interface TrainingBatch extends ImageBatch {
  /** Soft targets [count, classes], row-major. */
  targets: Float32Array<ArrayBuffer>;
  mix: Mix;
}

export interface UpdateOptions {
  lr: number;
  /** Where it is not the plan's. */
  weightDecay?: number;
  /** Number of the first micro-batch in the run: keys dropout and drop path. */
  firstMicroBatch: number;
}

export interface EvaluatedBatch {
  totals: Totals;
  /** [count, classes], row-major; only if asked for. */
  logits: Float32Array | undefined;
}

export interface Trainer {
  /** Compiles what training with this batch needs. onProgress: pipelines compiled, of all. */
  prepare(count: number, onProgress?: (done: number, all: number) => void): Promise<void>;
  /**
   * One update from its micro-batches, each weighted by 1 / their number. Resolves to sums over all images, later than the GPU is
   * free again; the loss is the whole that was descended, a teacher's part included.
   */
  update(batches: readonly TrainingBatch[], options: UpdateOptions): Promise<Totals>;
  /** Sums over the batch of the hard-label loss and metrics. At most the evaluation batch that the trainer was made for. */
  evaluate(batch: ImageBatch, withLogits: boolean): Promise<EvaluatedBatch>;
  /**
   * Exchanges the weights and running statistics with their moving average, so that evaluation measures it; a second call, before
   * the next update, puts everything back. Rejects where no average is kept.
   */
  exchangeAverages(): Promise<void>;
  /**
   * Measures kernel variants for up to budget milliseconds and goes on with the fastest; no result changes. onProgress: shapes
   * done, of all. Call between updates.
   */
  tune(budget: number, onProgress?: (done: number, all: number) => void): Promise<void>;
  /** Counters of the latest update and of the engine. */
  report(): Omit<PerformanceReport, 'kernels'>;
  /** Resolves to the GPU time of the next update by kernel family; that update gives the same numbers, only later. */
  timeNextUpdate(): Promise<KernelTime[]>;
  dispose(): void;
}

/** A trained network that the training follows. */
export interface Teacher extends DistillationSettings {
  /** The very images that the student sees, mixed, x [batch, size, size, 3] -> logits [batch, classes], in evaluation mode. */
  forward(x: Tensor4D): Tensor2D;
}

export interface TrainerOptions {
  parameters: Parameters;
  /** x [batch, size, size, 3] -> logits [batch, classes]. */
  forward(x: Tensor4D, mode: { training: boolean; microBatch: MicroBatchNumber }): Tensor2D;
  optimizer: OptimizerPlan;
  classes: number;
  input: Omit<InputSettings, 'count'>;
  /** An update may have several micro-batches. */
  accumulating: boolean;
  evalBatch: number;
  /** Of training; evaluation is in f32. Default: all in f32. */
  precision?: Precision;
  /** Its weights are nobody's business here: who made it disposes of it, after the trainer. */
  teacher?: Teacher;
}
