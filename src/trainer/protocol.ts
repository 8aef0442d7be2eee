/** What the page (or the command line's page) and the training worker say to each other. Types only. */
import type { OptionValues } from '../catalog/define';
import type { AdapterSummary, EvalMetrics, PerformanceReport, Predictions, UpdateMetrics } from '../core/results';
import type { Experiment } from '../experiment/schema';

export type SessionId = string;

/** Where the shards are: a URL of an _info.json. Absent: the built-in dataset that the experiment names. */
export interface DataSource {
  infoUrl: string;
}

/** A trained network to follow. */
export interface TeacherWeights {
  /** Id and options of the catalog. */
  model: string;
  options: OptionValues;
  /** safetensors, timm names. */
  weights: ArrayBuffer;
}

export interface StartOptions {
  experiment: Experiment;
  data?: DataSource;
  /** Stop after this many updates, before the experiment's own end. */
  maxUpdates?: number;
  /** safetensors, timm names: initial weights instead of random ones. */
  initialWeights?: ArrayBuffer;
  /** What an experiment with distillation learns from; others leave it alone. */
  teacher?: TeacherWeights;
  /** Send the weights with the finished event, or their moving average, in a file that says what they are of. */
  returnWeights?: boolean | 'averaged';
  /** Decode and augment workers; 0 = one per spare core. Has no influence on the numbers. */
  dataWorkers?: number;
}

export type Command =
  | { type: 'hello' }
  | ({ type: 'start'; session: SessionId } & StartOptions)
  | { type: 'pause' | 'resume' | 'stop'; session: SessionId }
  /** Times the kernels of the next update; answered by a performance event. */
  | { type: 'time-kernels'; session: SessionId }
  | {
      type: 'predict';
      session: SessionId;
      experiment: Experiment;
      data?: DataSource;
      weights: ArrayBuffer;
      split: string;
    }
  | { type: 'probe' };

export interface RunTiming {
  /** Milliseconds from start to the end of the first update (compile included). */
  firstStepMs: number;
  /** Median milliseconds of the later updates. */
  medianStepMs: number;
  totalMs: number;
}

export type Event =
  | { type: 'ready'; adapter: AdapterSummary }
  /** No backend can compute here: this worker answers nothing more. */
  | { type: 'not-ready'; message: string }
  /** A sign of life, every second while a backend is opened or there is a session. */
  | { type: 'alive' }
  /** What a run is doing before its first point: 'loading data', 'compiling', ...; fraction in [0, 1] where known. */
  | { type: 'progress'; session: SessionId; message: string; fraction?: number }
  /** What a run waits for now: a download, a busy server, the network. Without a message it goes on. */
  | { type: 'waiting'; session: SessionId; message?: string }
  /** What the user should know of the data: images left out, damaged shards, nothing to validate on. Said once. */
  | { type: 'notice'; session: SessionId; message: string }
  | {
      type: 'started';
      session: SessionId;
      parameters: number;
      updatesPerEpoch: number;
      totalUpdates: number;
      classes: string[];
    }
  | { type: 'updates'; session: SessionId; metrics: UpdateMetrics[] }
  | { type: 'evaluated'; session: SessionId; metrics: EvalMetrics }
  /** After every validation: what it said of each image. */
  | { type: 'predictions'; session: SessionId; predictions: Predictions }
  /** After a run's first updates, and when kernel times were asked for. */
  | { type: 'performance'; session: SessionId; report: PerformanceReport }
  | { type: 'paused' | 'resumed'; session: SessionId }
  | { type: 'finished'; session: SessionId; reason: 'done' | 'stopped'; timing: RunTiming; weights?: ArrayBuffer }
  | { type: 'predicted'; session: SessionId; logits: number[][]; keys: string[]; labels: number[] }
  /** weights: what it had learned, where the run was to return its weights and they are still numbers. */
  | { type: 'failed'; session: SessionId; message: string; weights?: ArrayBuffer }
  /** The device is gone: every session of this worker has failed; make a new worker. */
  | { type: 'device-lost'; message: string }
  /** Useful rate of a small training-like convolution, FLOP/s: sizes the default experiment. Absent if it can't be measured. */
  | { type: 'probed'; flops?: number };
