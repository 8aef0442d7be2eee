/**
 * What layers are made of. Two implementations: kernels/ (our WGSL, WebGPU only) and reference/ (plain tfjs ops, every backend),
 * which is the fallback and what the kernels are tested against. All have gradients. Images are NHWC, numbers float32.
 */
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-core';

/** Zeros on every side, PyTorch's rule. */
export interface Window {
  stride: number;
  padding: number;
}

export interface BatchNormSettings {
  eps: number;
  /** ReLU after the affine and the residual. */
  relu: boolean;
  residual?: Tensor | undefined;
  /**
   * The batch is cut along its first axis into that many equal parts, each normalised by its own statistics. Default 1. The first
   * axis must be a multiple.
   */
  groups?: number;
  /** Moved towards the mean and the unbiased variance of the batch, or of its first part, by the share `momentum`. */
  running: { mean: Variable; variance: Variable; momentum: number };
}

export interface EvaluationNormSettings {
  eps: number;
  relu: boolean;
  residual?: Tensor | undefined;
  mean: Tensor;
  variance: Tensor;
}

export interface DropSettings {
  /** Share that becomes 0; the rest is divided by 1 - rate. */
  rate: number;
  /** One draw per sample of the batch (stochastic depth), or per number (dropout). */
  per: 'sample' | 'number';
  /** The random stream (seed, name, step) of core/rng.ts. */
  seed: number;
  name: string;
  step: StepNumber;
}

/** Number of a forward pass in its run: known, or, for a recording, an int32 tensor [1] that is written before each replay. */
export type StepNumber = number | Tensor;

/** How bytes become the network's input: count images of size x size; mean and std per channel, in [0, 1]. */
export interface InputSettings {
  count: number;
  size: number;
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
}

export interface DistillationSettings {
  /** T: both networks' logits are divided by it; at 1 it is the plain softmax. */
  temperature: number;
  /** Factors of the cross-entropy and of the term that follows the teacher. */
  taskWeight: number;
  distillWeight: number;
}

export interface Distillation extends DistillationSettings {
  /** Logits of a trained network for the same images, [batch, classes]. Constants: they get no gradient. */
  teacherLogits: Tensor2D;
}

export interface Ops {
  /** x [b, h, w, c], filter [k, k, c, o], bias [o] -> [b, oh, ow, o]. */
  conv(x: Tensor4D, filter: Tensor4D, bias: Tensor | undefined, window: Window): Tensor4D;
  /** x [b, h, w, c], filter [k, k, c, 1], bias [c] -> [b, oh, ow, c]. */
  depthwiseConv(x: Tensor4D, filter: Tensor4D, bias: Tensor | undefined, window: Window): Tensor4D;
  /** x [rows, in], weight [in, out], bias [out] -> [rows, out]. */
  linear(x: Tensor2D, weight: Tensor2D, bias: Tensor | undefined): Tensor2D;
  /** Batch norm with the batch's own statistics, over all axes but the last. */
  batchNorm(x: Tensor, gamma: Tensor, beta: Tensor, settings: BatchNormSettings): Tensor;
  /** Batch norm with given statistics. */
  normalize(x: Tensor, gamma: Tensor, beta: Tensor, settings: EvaluationNormSettings): Tensor;
  /** Over the last axis. */
  layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, eps: number): Tensor;
  relu(x: Tensor): Tensor;
  /** Exact (erf). */
  gelu(x: Tensor): Tensor;
  /** x * sigmoid(x). */
  swish(x: Tensor): Tensor;
  /** Equal shapes. */
  add(a: Tensor, b: Tensor): Tensor;
  maxPool(x: Tensor4D, options: { kernel: number; stride: number; padding: number }): Tensor4D;
  /** ceil: PyTorch's ceil_mode with count_include_pad=False. */
  avgPool(x: Tensor4D, options: { kernel: number; stride: number; ceil: boolean }): Tensor4D;
  /** [b, h, w, c] -> [b, c]. */
  globalAvgPool(x: Tensor4D): Tensor2D;
  /** softmax(q k^T * scale + bias) v; q [b, n, c], k and v [b, m, c], bias [heads, n, m] -> [b, n, c]. */
  attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, options: { heads: number; scale: number }): Tensor;
  drop(x: Tensor, settings: DropSettings): Tensor;
  /**
   * loss: mean over the batch of -sum(target * log softmax(logits)). sums [3]: loss, label within the first 1, within the first 5,
   * summed over the rows; ties count for the network. logits and targets [batch, classes], targets' rows sum to 1; labels int32 [batch],
   * the dominant classes. With a teacher the loss, also the one in sums, is the whole that is descended:
   * taskWeight * that + distillWeight * T^2 * KL(softmax(teacherLogits / T) || softmax(logits / T)) (Hinton et al. 2015; He et
   * al. 2019, section 5.3). In f32 the second term is known to about 2e-7 * T^2, its gradient to the last few bits.
   */
  softCrossEntropy(
    logits: Tensor2D,
    targets: Tensor2D,
    labels: Tensor1D,
    distillation?: Distillation,
  ): { loss: Scalar; sums: Tensor1D };
}
