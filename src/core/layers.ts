/**
 * The tensor layer that models are written in. A model is a function over Layers<T>, whatever T is: GPU tensors
 * (engine/layers.ts), or shapes alone (experiment/shape-layers.ts counts parameters, multiply-adds and bytes with the same model code).
 * Images are NHWC. Names are PyTorch state-dict names (timm's): 'layer1.0.conv1' owns 'layer1.0.conv1.weight'.
 */

export type Init =
  | { kind: 'zeros' }
  | { kind: 'ones' }
  /** Normal(0, std). */
  | { kind: 'normal'; std: number }
  /** Normal(0, std) truncated to [-2, 2] absolute, as timm's trunc_normal_. */
  | { kind: 'truncated-normal'; std: number }
  /** U(-bound, bound). */
  | { kind: 'uniform'; bound: number }
  /** He et al. 2015: Normal(0, sqrt(2 / fan_out)), fan_out = kernel area * out channels; groups do not divide it, as in PyTorch. */
  | { kind: 'kaiming-normal-fan-out' };

export interface ConvOptions {
  /** Output channels. */
  out: number;
  kernel: number;
  stride?: number;
  /** Zeros on every side, PyTorch's rule. Default 0. */
  padding?: number;
  /** One filter per channel (groups = channels); out must equal the input channels. */
  depthwise?: boolean;
  bias?: boolean;
}

export interface BatchNormOptions {
  /** Initial gamma. 0 for the last norm of a block under zero gamma. Default 1. */
  gamma?: 0 | 1;
  /** ReLU after the affine (and the residual). */
  relu?: boolean;
  /** Default 1e-5. */
  eps?: number;
  /** Share of the new batch in the running statistics; default .1, PyTorch's. */
  momentum?: number;
}

export interface Layers<T> {
  /** Shape of a tensor: [batch, height, width, channels], [batch, tokens, channels] or [batch, features]. */
  shape(x: T): number[];
  conv(x: T, name: string, options: ConvOptions): T;
  /** Batch norm over all axes but the last; residual, if given, is added before the ReLU. */
  batchNorm(x: T, name: string, options?: BatchNormOptions, residual?: T): T;
  layerNorm(x: T, name: string, options: { eps: number }): T;
  /** x @ W^T + b over the last axis. */
  linear(x: T, name: string, options: { out: number; bias?: boolean; init?: Init }): T;
  relu(x: T): T;
  /** Exact GELU (erf). */
  gelu(x: T): T;
  /** x * sigmoid(x). */
  swish(x: T): T;
  add(a: T, b: T): T;
  maxPool(x: T, options: { kernel: number; stride: number; padding: number }): T;
  /** Average pool; ceil: PyTorch's ceil_mode with count_include_pad=False (a partial window divides by what it holds). */
  avgPool(x: T, options: { kernel: number; stride: number; ceil: boolean }): T;
  /** [b, h, w, c] -> [b, c]. */
  globalAvgPool(x: T): T;
  reshape(x: T, shape: number[]): T;
  /**
   * softmax(q k^T * scale + bias) v. q [b, n, c], k and v [b, m, c]; heads split c.
   * biasName: a learned parameter [heads, n, m], init N(0, 1); the same name twice is the same parameter.
   */
  attention(q: T, k: T, v: T, options: { heads: number; scale: number; biasName: string }): T;
  /** Stochastic depth per sample (Huang et al. 2016), kept samples divided by the keep probability; identity in evaluation. */
  dropPath(x: T, name: string, rate: number): T;
  dropout(x: T, name: string, rate: number): T;
}
