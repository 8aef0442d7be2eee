/** Forward and backward passes over one (micro-)batch, and the sums of what they give over an update. */
import * as tf from '@tensorflow/tfjs-core';
import { batchMetrics, softCrossEntropy } from './loss';
import type { Parameter } from './parameters';

export interface PreparedBatch {
  /** [batch, size, size, 3]; disposed by the pass. */
  input: tf.Tensor4D;
  /** Soft targets, row-major [batch, classes]. */
  targets: Float32Array;
  /** Dominant class of each image, for the metrics. */
  labels: Int32Array;
}

/** Gradients by parameter name. */
export type Gradients = Record<string, tf.Tensor>;

export type Forward = (x: tf.Tensor4D) => tf.Tensor2D;

/** Runs the network once on an empty image, so that every parameter comes into being. size in pixels. */
export function buildParameters(forward: Forward, size: number): void {
  tf.tidy(() => {
    forward(tf.zeros([1, size, size, 3]));
  });
}

/** sums: [loss, top-1, top-5] summed over the batch, on the GPU. The caller owns both. */
export function lossAndGradients(
  parameters: readonly Parameter[],
  forward: Forward,
  batch: PreparedBatch,
): { gradients: Gradients; sums: tf.Tensor1D } {
  const names = new Map(parameters.map(({ variable, name }) => [variable.name, name]));
  const result = tf.tidy(() => {
    const rows = batch.labels.length;
    const targets = tf.tensor2d(batch.targets, [rows, batch.targets.length / rows]);
    let sums: tf.Tensor1D | undefined;
    const { grads } = tf.variableGrads(
      () => {
        const logits = forward(batch.input);
        const loss = softCrossEntropy(logits, targets);
        sums = tf.keep(batchMetrics(loss, logits, batch.labels));
        return loss;
      },
      parameters.map(({ variable }) => variable),
    );
    const gradients: Gradients = {};
    for (const [variable, tensor] of Object.entries(grads)) gradients[names.get(variable) as string] = tensor;
    return { gradients, sums: sums as tf.Tensor1D };
  });
  batch.input.dispose();
  return result;
}

/** Logits [batch, classes] and summed metrics of an evaluation batch; the caller owns both, the input is disposed. */
export function logitsAndMetrics(
  forward: Forward,
  input: tf.Tensor4D,
  labels: Int32Array,
): { logits: tf.Tensor2D; sums: tf.Tensor1D } {
  const result = tf.tidy(() => {
    const logits = forward(input);
    const targets = tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), logits.shape[1]), 'float32') as tf.Tensor2D;
    return { logits, sums: batchMetrics(softCrossEntropy(logits, targets), logits, labels) };
  });
  input.dispose();
  return result;
}

/** Weighted sum of gradients over micro-batches. */
export class GradientSum {
  private sum: Gradients = {};

  /** Adds weight * gradients and takes ownership of the tensors. */
  add(gradients: Gradients, weight: number): void {
    for (const [name, tensor] of Object.entries(gradients)) {
      const old = this.sum[name];
      if (weight === 1 && !old) {
        this.sum[name] = tensor;
        continue;
      }
      this.sum[name] = tf.tidy(() => {
        const share = tf.mul(tensor, weight);
        return old ? tf.add(old, share) : share;
      });
      tensor.dispose();
      old?.dispose();
    }
  }

  get gradients(): Gradients {
    return this.sum;
  }

  dispose(): void {
    tf.dispose(this.sum);
    this.sum = {};
  }
}

/** Metric sums that are read back later, without making the GPU wait. */
export class MetricSums {
  private sums: tf.Tensor1D[] = [];

  /** Takes ownership. */
  add(sums: tf.Tensor1D): void {
    this.sums.push(sums);
  }

  /** Totals over everything added; may be called once. */
  async read(): Promise<{ loss: number; top1: number; top5: number }> {
    const values = await Promise.all(this.sums.map((sums) => sums.data()));
    tf.dispose(this.sums);
    this.sums = [];
    const total = (i: number) => values.reduce((sum, value) => sum + (value[i] as number), 0);
    return { loss: total(0), top1: total(1), top5: total(2) };
  }
}
