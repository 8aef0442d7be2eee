/** What is kept of a run besides its curve. */
import type { AdapterSummary, RunState } from '../core/results';
import type { Experiment } from '../experiment/schema';

/** What is known at the end of a run (or now, while it runs). Shares in [0, 1]. */
export interface RunSummary {
  step: number;
  epoch: number;
  trainLoss?: number;
  validationLoss?: number;
  top1?: number;
  top5?: number;
  /** Top-1 of the moving average of the weights, where one is kept. */
  averagedTop1?: number;
  imagesPerSecond?: number;
  timeMs: number;
}

export interface Run {
  id: string;
  /** Position in the life of this browser's store, from 0; gives the first name and the colour. */
  number: number;
  name: string;
  /** Index into the palette of run colours and dash patterns. */
  color: number;
  /** Absent where this version can't read the settings: unreadable says why. */
  experiment?: Experiment;
  unreadable?: string;
  /** Milliseconds since 1970. */
  created: number;
  state: RunState;
  /** The tab that trains it, or trained it last. */
  tab?: string;
  /** Why it failed, for a person. */
  message?: string;
  adapter?: AdapterSummary;
  parameters?: number;
  stepsPerEpoch?: number;
  totalSteps?: number;
  hidden: boolean;
  summary: RunSummary;
  /** Updates done at the validation whose predictions are kept; absent if none are. */
  predictedAt?: number;
}

/** A run whose settings can be read. */
export type ReadableRun = Run & { experiment: Experiment };

export const isReadable = (run: Run): run is ReadableRun => run.experiment !== undefined;

/** True while it is to be trained, or is. */
export const isOpen = ({ state }: Pick<Run, 'state'>): boolean =>
  state === 'preparing' || state === 'running' || state === 'paused';
