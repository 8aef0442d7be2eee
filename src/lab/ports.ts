/** What the lab needs of the world. The page gives it a browser's (app/browser), tests give it their own. */
import type { Peer } from '../platform/calls';
import type { CheckpointStore } from '../runs/checkpoints';
import type { RunStore } from '../runs/store';

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some moment; never goes back. */
  elapsed(): number;
  /** Acts once after so many milliseconds; returns what prevents it. */
  after(milliseconds: number, act: () => void): () => void;
}

/** Where the experiment stands for people to copy: a query string without '?'. */
export interface Address {
  /** The page's own, without its query: relative addresses start from it. */
  base: string;
  read(): string;
  /** A new step of history, or the present one written anew. */
  write(query: string, how: 'push' | 'replace'): void;
  /** Back and forward. */
  onReturn(heard: () => void): void;
}

export interface LabStorage {
  runs: RunStore;
  checkpoints: CheckpointStore;
  /** What was written last, whatever wrote it; undefined if nothing is kept. Neither of the two throws. */
  readPreferences(): string | undefined;
  writePreferences(text: string): void;
}

/** What tabs tell each other: which run, or that the kept weights, changed in the store. */
export type TabMessage = { type: 'run-changed' | 'run-removed'; id: string } | { type: 'weights-changed' };

/** The tabs that share the storage. */
export interface Tabs {
  /** This tab's name, from when it has joined; it is alive until it is closed, whatever happens to it. */
  join(): Promise<string>;
  /** Names of the tabs that are open. */
  alive(): Promise<ReadonlySet<string>>;
  tell(message: TabMessage): void;
  /** Hears what other tabs tell. */
  listen(heard: (message: TabMessage) => void): void;
}

export interface LabPorts {
  /** Starts a training worker, which speaks trainer/protocol. */
  openTrainer(): Peer;
  storage: LabStorage;
  clock: Clock;
  address: Address;
  tabs: Tabs;
  /** Main memory of this computer, where the browser tells it; browsers tell no more than that it is large. */
  computerBytes: number | undefined;
  /** Keeps the screen on. */
  screen: { hold(): void; release(): void };
}
