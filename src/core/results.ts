/** What a run measures. Shared by the trainer that makes it, the store that keeps it and the charts that draw it. */

/** Loss and hits summed over images. */
export interface Totals {
  loss: number;
  /** Images whose (dominant) label is first, or in the first five. */
  top1: number;
  top5: number;
}

/** Time on the GPU of all dispatches of one kernel family in one update. */
export interface KernelTime {
  name: string;
  milliseconds: number;
  dispatches: number;
}

/** How a kernel is run over one shape. */
export interface KernelVariant {
  kernel: string;
  /** In the kernel's own words. */
  shape: string;
  variant: string;
  /** The first of several, none of them measured on this device yet. */
  untried: boolean;
}

/** What one update costs the device, and what the engine holds. */
export interface PerformanceReport {
  /** Our kernels, or plain tfjs ops, which are not counted. */
  engine: 'fused' | 'reference';
  /** Of the latest update. */
  dispatches: number;
  submits: number;
  /** Bytes written to the GPU, the batch among them. */
  uploadBytes: number;
  /** Bytes of all buffers bound by all dispatches. */
  boundBytes: number;
  /** JavaScript time to prepare and submit it. */
  jsMs: number;
  /** GPU memory of the worker, now and at its highest. */
  liveBytes: number;
  peakBytes: number;
  /** Pipelines compiled so far, and the time it took. */
  pipelines: number;
  compileMs: number;
  /** Of the kernels that come in variants, those of an update, each shape once. */
  variants: KernelVariant[];
  /** By kernel family, longest first; empty until it was asked for, or where the device has no clock (timestamp-query). */
  kernels: KernelTime[];
}

export interface UpdateMetrics {
  /** Updates done, from 1. Stored and printed by this name. */
  step: number;
  /** Epochs done, fractional. */
  epoch: number;
  /** Mean training loss of the update's samples (with mixing and smoothing as trained). */
  loss: number;
  /** Share of samples whose (dominant) label is first, or in the first five, in [0, 1]. */
  top1: number;
  top5: number;
  lr: number;
  /** Wall milliseconds since Train, pauses left out. */
  timeMs: number;
  imagesPerSecond: number;
  /** Milliseconds that this update waited for its batches. */
  dataWaitMs: number;
  /** Samples seen so far. */
  images: number;
}

export interface EvalMetrics {
  step: number;
  epoch: number;
  timeMs: number;
  split: string;
  /** Measured with the moving average of the weights (EMA); absent: with the weights themselves. */
  averaged?: true;
  loss: number;
  top1: number;
  top5: number;
}

/** What the network says of each validation image, as last measured: what the page looks into after a run. */
export interface Predictions {
  /** Updates done when it was measured. */
  step: number;
  split: string;
  /** Names, by label. */
  classes: string[];
  /** Images validated; rows may be fewer, because what is kept has a limit. */
  images: number;
  /** [rows, classes]. */
  logits: Float32Array<ArrayBuffer>;
  /** [rows]. */
  labels: Int32Array<ArrayBuffer>;
  /** Place of each image in the order of the validation, ascending, [rows]. */
  places: Uint32Array<ArrayBuffer>;
  /** Of the samples in their dataset, [rows]. */
  keys: string[];
}

export interface AdapterSummary {
  /** tfjs backend that really runs: the visible mark of a fallback. */
  backend: 'webgpu' | 'webgl' | 'cpu';
  vendor: string;
  architecture: string;
  description: string;
  /** True for SwiftShader, llvmpipe and other CPU implementations: expect it slow. */
  software: boolean;
  features: string[];
  /** Why a better backend was not taken; empty on webgpu. */
  fallbackReason: string;
}

export type RunState = 'preparing' | 'running' | 'paused' | 'finished' | 'stopped' | 'failed';
