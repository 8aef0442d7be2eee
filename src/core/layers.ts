/**
 * The tensor layer that models are written in. A model is a function over Layers<T>, whatever T is: GPU tensors
 * (engine/layers.ts), or shapes alone (experiment/shape-layers.ts counts parameters, multiply-adds and bytes with the same model code).
 * Images are NHWC. Names are PyTorch state-dict names (timm's): 'layer1.0.conv1' owns 'layer1.0.conv1.weight'.
 */

export type Init =
  | { kind: 'zeros' }
  | { kind: 'ones' }
  | { kind: 'constant'; value: number }
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
  /**
   * The channels are cut into that many equal runs, and output run i sees input run i alone; must divide both numbers of channels.
   * As many as channels: a depthwise convolution. The weight is [out, channels / groups, kernel, kernel]. Default 1.
   */
  groups?: number;
  /** Starts at 0. Default none. */
  bias?: boolean;
  /** Of the weight; default kaiming-normal-fan-out. */
  init?: Init;
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
  /**
   * x @ W^T + b over the last axis. Without init, weight and bias start as PyTorch's do, uniform within 1 / sqrt(inputs); with it, the
   * bias starts at 0.
   */
  linear(x: T, name: string, options: { out: number; bias?: boolean; init?: Init }): T;
  relu(x: T): T;
  /** Exact GELU (erf). */
  gelu(x: T): T;
  /** x * sigmoid(x). */
  swish(x: T): T;
  /** 1 / (1 + exp(-x)). */
  sigmoid(x: T): T;
  /** min(max(x + 3, 0), 6) / 6; its slope at -3 and 3 is 0. */
  hardSigmoid(x: T): T;
  /** x * hardSigmoid(x) (Howard et al. 2019); its slope at -3 is 0, at 3 it is 1. */
  hardSwish(x: T): T;
  /** Equal shapes. */
  add(a: T, b: T): T;
  /** Number by number; a smaller b is repeated as factorScope says. */
  multiply(a: T, b: T): T;
  /** One after another along the last axis; the other axes must be equal. At least one. */
  concat(xs: readonly T[]): T;
  /** A learned tensor of its own: the factors of a layer scale, say. The same name twice is the same parameter. */
  parameter(name: string, shape: readonly number[], init: Init): T;
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

/**
 * What b's numbers belong to in a product a * b: 'number', where the shapes are equal; 'channel', where b is [channels], a factor for
 * each of a's last axis; 'sample', where b is [batch, channels] with or without axes of length 1 between, a factor for each image
 * and channel at all of its positions. Throws if it is none of them.
 */
export function factorScope(a: readonly number[], b: readonly number[]): 'number' | 'channel' | 'sample' {
  if (a.join() === b.join()) return 'number';
  const channels = a.at(-1);
  if (b.length === 1 && b[0] === channels) return 'channel';
  const between = b.slice(1, -1);
  const positions = between.length === 0 || (b.length === a.length && between.every((side) => side === 1));
  if (b.length > 1 && b[0] === a[0] && b.at(-1) === channels && positions) return 'sample';
  throw new Error(
    `[${a.join(', ')}] cannot be multiplied by [${b.join(', ')}]: factors are for each number, channel, or image and channel.`,
  );
}

/** Throws, in words, unless groups divide the channels of a convolution on both sides. */
export function checkGroupedChannels(name: string, channels: number, out: number, groups: number): void {
  if (groups >= 1 && channels % groups === 0 && out % groups === 0) return;
  throw new Error(`${name}: ${groups} groups do not divide ${channels} channels into ${out}.`);
}

/** Throws, in words, unless tensors can be put one after another along their last axis. Returns the length of that axis. */
export function concatenatedChannels(shapes: readonly (readonly number[])[]): number {
  const positions = new Set(shapes.map((shape) => shape.slice(0, -1).join()));
  if (positions.size !== 1) {
    const listed = shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ');
    throw new Error(`${listed || 'Nothing'} cannot be put one after another: all axes but the last must be equal.`);
  }
  return shapes.reduce((sum, shape) => sum + (shape.at(-1) ?? 0), 0);
}
