/** Everything that a lab knows and a page shows, in one place; only the curves are outside, for their size. */
import type { StoreApi } from 'zustand/vanilla';
import type { AdapterSummary, PerformanceReport } from '../core/results';
import type { Experiment, Problem } from '../experiment/schema';
import type { Checkpoint } from '../runs/checkpoints';
import type { Run } from '../runs/run';
import type { ForeignData } from './foreign-data';
import type { Preferences } from './preferences';

/** What a notice is about: there is at most one of each. */
export type NoticeKind =
  | 'link'
  | 'foreign-data'
  | 'settings'
  | 'trainer'
  | 'run'
  | 'divergence'
  | 'memory'
  | 'weights'
  | 'data'
  | 'storage'
  | 'records'
  | 'preferences'
  | 'page';

/** What a person must know now. */
export interface Notice {
  kind: NoticeKind;
  /** Something failed, or is only not as it should be. */
  grave: boolean;
  title: string;
  message: string;
  /** One line each; the key that a line is about is set apart. */
  problems?: Problem[];
  /** Offered beside it. */
  remedy?: 'train-anyway' | 'copy-report' | { readDataFrom: ForeignData };
  /** What was thrown, for the report. */
  error?: unknown;
}

export interface LabState {
  // ---- the experiment on the form ----
  experiment: Experiment;
  /** Why the last edit of a control was not taken. */
  refused: { control: string; message: string } | undefined;
  /** The page's address without its query. */
  base: string;
  /** Addresses of other sites whose data may be read: somebody pressed a button that named the site. */
  mayRead: readonly string[];
  /** The page opened without settings and chose an experiment that suits this device. */
  sized: boolean;

  // ---- runs ----
  /** Oldest first. */
  runs: Run[];
  /** The store was read, or has refused. */
  loaded: boolean;
  /** Runs that another tab trains, or will. */
  elsewhere: readonly string[];
  /** What each unfinished run is doing before its first point. */
  progress: Record<string, { message: string; fraction?: number }>;
  /** What an update of each run costs the device. */
  performance: Record<string, PerformanceReport>;
  /** The run that the worker trains. */
  active: string | undefined;
  /** Runs that wait for their turn. */
  queue: readonly string[];
  /** What the run in progress waits for: a download, the network. */
  waitingFor: string | undefined;
  /** Seconds since the training worker gave a sign of life, once they are many. */
  silence: number | undefined;
  /** The run under the pointer or the focus: drawn in front while it is. */
  lookedAt: string | undefined;
  /** The run that was asked to stay in front; the newest one if none was. */
  pinned: string | undefined;
  /** The run deleted last, while that can still be undone. */
  deleted: Run | undefined;
  /** Grows at most four times a second while curves grow. */
  tick: number;

  // ---- the device ----
  adapter: AdapterSummary | undefined;
  /** Main memory of this computer, where it is told. */
  computerBytes: number | undefined;
  /** Useful FLOP/s of this device, measured. */
  flops: number | undefined;
  /** Whether there is a training worker, or one is on its way. */
  trainer: 'starting' | 'ready' | 'gone';

  // ---- kept weights, newest first ----
  checkpoints: readonly Checkpoint[];

  preferences: Preferences;
  notices: readonly Notice[];
}

export type LabStore = StoreApi<LabState>;

/** Shows a notice in place of the one of its kind. */
export const notify = (store: LabStore, notice: Notice): void =>
  store.setState(({ notices }) => ({ notices: [...notices.filter(({ kind }) => kind !== notice.kind), notice] }));

export const dismiss = (store: LabStore, kind: NoticeKind): void =>
  store.setState(({ notices }) =>
    notices.some((one) => one.kind === kind) ? { notices: notices.filter((one) => one.kind !== kind) } : {},
  );

export const findRun = ({ runs }: LabState, id: string | undefined): Run | undefined =>
  id === undefined ? undefined : runs.find((run) => run.id === id);
