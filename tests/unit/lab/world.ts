/** A world for a lab: a clock that stands until it is moved, storage in memory, workers that do as they are told. */

import type { AdapterSummary, Predictions, UpdateMetrics } from '../../../src/core/results';
import { experimentWith } from '../../../src/experiment/schema';
import { createLab, type Lab } from '../../../src/lab/lab';
import type { Clock, LabPorts, TabMessage, Tabs } from '../../../src/lab/ports';
import type { Peer } from '../../../src/platform/calls';
import type { Checkpoint, CheckpointStore } from '../../../src/runs/checkpoints';
import type { Run } from '../../../src/runs/run';
import type { Series } from '../../../src/runs/series';
import type { Removed, RunStore } from '../../../src/runs/store';
import { readRun } from '../../../src/runs/stored';
import type { Command, Event } from '../../../src/trainer/protocol';

export const gpu: AdapterSummary = {
  backend: 'webgpu',
  vendor: 'acme',
  architecture: 'one',
  description: 'Acme One',
  software: false,
  features: [],
  fallbackReason: '',
};

/** Lets everything happen that waits for nothing but its turn. */
export const settled = async () => {
  for (let i = 0; i < 100; i++) await Promise.resolve();
};

export class FakeClock implements Clock {
  private time = 0;
  private waiting: { at: number; act: () => void }[] = [];

  now = () => 1_800_000_000_000 + this.time;
  elapsed = () => this.time;
  after = (milliseconds: number, act: () => void) => {
    const timer = { at: this.time + milliseconds, act };
    this.waiting.push(timer);
    return () => {
      this.waiting = this.waiting.filter((other) => other !== timer);
    };
  };

  /** Moves on, and does on the way what was to be done. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await settled();
    for (;;) {
      const [next] = this.waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.waiting = this.waiting.filter((other) => other !== next);
      this.time = next.at;
      next.act();
      await settled();
    }
    this.time = end;
  }
}

/** A training worker: hears what it is told, and says what a test lets it say. */
export class FakeWorker {
  readonly heard: Command[] = [];
  closed = false;
  private listener: (message: unknown) => void = () => undefined;
  private failure: (message: string) => void = () => undefined;

  readonly peer: Peer = {
    post: (message) => void this.heard.push(message as Command),
    listen: (heard) => {
      this.listener = heard;
    },
    onFailure: (heard) => {
      this.failure = heard;
    },
    close: () => {
      this.closed = true;
    },
  };

  says(...events: Event[]): void {
    for (const event of events) this.listener(event);
  }

  breaks(message: string): void {
    this.failure(message);
  }

  /** Sessions that were started in it, in order. */
  get started(): string[] {
    return this.heard.flatMap((command) => (command.type === 'start' ? [command.session] : []));
  }

  get stopped(): string[] {
    return this.heard.flatMap((command) => (command.type === 'stop' ? [command.session] : []));
  }
}

/** What IndexedDB is to all tabs: records that each store below reads and writes. */
export class Disk {
  runs = new Map<string, object>();
  curves = new Map<string, number[]>();
  predictions = new Map<string, Predictions>();
  checkpoints = new Map<string, Checkpoint>();
  weights = new Map<string, ArrayBuffer>();
  preferences: string | undefined;
  /** Why every write fails; undefined: none does. */
  full: string | undefined;

  check(): void {
    if (this.full !== undefined) throw new Error(this.full);
  }
}

/** The contract of runs/store.ts over a disk in memory; of curves it keeps the updates. The real one has tests in a browser. */
function runStore(disk: Disk): RunStore {
  const marks = new Map<string, number>();
  const stepsOf = (series: Series) => [...series.column('step')];
  return {
    async runs() {
      const read = [...disk.runs.values()].map(readRun);
      return { runs: read.flatMap(({ run }) => run ?? []), problems: read.flatMap(({ problem }) => problem ?? []) };
    },
    run: async (id) => readRun(disk.runs.get(id)).run,
    async add(least, make) {
      disk.check();
      const numbers = [...disk.runs.values()].map((record) => (record as Run).number + 1);
      const run = make(Math.max(least, ...numbers));
      disk.runs.set(run.id, structuredClone(run));
      return run;
    },
    async insert(run) {
      disk.check();
      disk.curves.delete(run.id);
      marks.delete(run.id);
      disk.runs.set(run.id, structuredClone(run));
    },
    async update(id, change) {
      disk.check();
      // A disk takes its time.
      for (let i = 0; i < 5; i++) await Promise.resolve();
      const record = disk.runs.get(id);
      if (record) disk.runs.set(id, structuredClone({ ...record, ...change }));
      return record !== undefined;
    },
    async saveCurve(id, series) {
      disk.check();
      if (!disk.runs.has(id)) return;
      disk.curves.set(id, [...(disk.curves.get(id) ?? []), ...stepsOf(series).slice(marks.get(id) ?? 0)]);
      marks.set(id, series.length);
    },
    async readCurve(id, series) {
      const known = series.length === 0 ? 0 : (marks.get(id) ?? 0);
      series.append((disk.curves.get(id) ?? []).slice(known).map(step));
      marks.set(id, series.length);
      return 0;
    },
    async savePredictions(id, predictions) {
      disk.check();
      if (disk.runs.has(id)) disk.predictions.set(id, predictions);
    },
    predictions: async (id) => disk.predictions.get(id),
    async remove(id): Promise<Removed | undefined> {
      const record = disk.runs.get(id);
      disk.runs.delete(id);
      const parts = disk.curves.get(id) ?? [];
      disk.curves.delete(id);
      return record && { id, record, parts: parts.map((at) => ({ at })), predictions: disk.predictions.get(id) };
    },
    async restore({ id, record, parts, predictions }) {
      disk.runs.set(id, record);
      disk.curves.set(
        id,
        parts.map((part) => (part as { at: number }).at),
      );
      if (predictions) disk.predictions.set(id, predictions);
    },
  };
}

function checkpointStore(disk: Disk): CheckpointStore {
  return {
    list: async () => ({ checkpoints: [...disk.checkpoints.values()], unreadable: 0 }),
    async keep(checkpoint, weights) {
      disk.check();
      disk.checkpoints.set(checkpoint.id, checkpoint);
      disk.weights.set(checkpoint.id, weights);
      return [];
    },
    weights: async (id) => disk.weights.get(id),
    async remove(id) {
      disk.checkpoints.delete(id);
      disk.weights.delete(id);
    },
  };
}

/** Tabs over one disk: what one tells, all others hear. */
export class FakeTabs {
  private readonly open = new Map<string, (message: TabMessage) => void>();

  tab(name: string): Tabs {
    return {
      join: async () => {
        this.open.set(name, this.open.get(name) ?? (() => undefined));
        return name;
      },
      alive: async () => new Set(this.open.keys()),
      tell: (message) => {
        for (const [other, heard] of this.open) if (other !== name) queueMicrotask(() => heard(message));
      },
      listen: (heard) => void this.open.set(name, heard),
    };
  }

  close(name: string): void {
    this.open.delete(name);
  }
}

export interface World {
  lab: Lab;
  clock: FakeClock;
  disk: Disk;
  /** Every worker that was started, the newest last. */
  workers: FakeWorker[];
  /** The newest one. */
  worker(): FakeWorker;
  /** Query strings that the address has had. */
  addresses: string[];
  goBackTo(query: string): void;
}

interface Given {
  disk?: Disk;
  tabs?: FakeTabs;
  tab?: string;
  query?: string;
  /** Every worker says at once what it computes on; absent: on the GPU. null: it says nothing. */
  adapter?: AdapterSummary | null;
}

/** An opened lab. */
export async function openWorld({
  disk = new Disk(),
  tabs = new FakeTabs(),
  tab = 'tab-a',
  query = 'v=1',
  adapter = gpu,
}: Given = {}): Promise<World> {
  const clock = new FakeClock();
  const workers: FakeWorker[] = [];
  const addresses = [query];
  let goBack = () => {};
  const ports: LabPorts = {
    openTrainer() {
      const worker = new FakeWorker();
      workers.push(worker);
      if (adapter) queueMicrotask(() => worker.says({ type: 'ready', adapter }));
      return worker.peer;
    },
    storage: {
      runs: runStore(disk),
      checkpoints: checkpointStore(disk),
      readPreferences: () => disk.preferences,
      writePreferences: (text) => {
        disk.preferences = text;
      },
    },
    clock,
    address: {
      base: 'http://localhost:5173/',
      read: () => addresses.at(-1) ?? '',
      write: (next, how) => void addresses.splice(how === 'replace' ? -1 : addresses.length, 1, next),
      onReturn: (heard) => {
        goBack = heard;
      },
    },
    tabs: tabs.tab(tab),
    computerBytes: undefined,
    screen: { hold: () => undefined, release: () => undefined },
  };
  const lab = createLab(ports);
  await lab.open();
  await settled();
  return {
    lab,
    clock,
    disk,
    workers,
    worker: () => workers.at(-1) as FakeWorker,
    addresses,
    goBackTo(next) {
      addresses.push(next);
      goBack();
    },
  };
}

const step = (n: number): UpdateMetrics => ({
  step: n,
  epoch: n / 10,
  images: n * 8,
  timeMs: n * 100,
  loss: 2 / n,
  top1: 0.5,
  top5: 0.9,
  lr: 0.1,
  imagesPerSecond: 80,
  dataWaitMs: 1,
});

export const steps = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => step(from + i));

/** A record as the store holds it. */
export const storedRun = (number: number, change: Partial<Run> = {}): Run => ({
  id: `run-${number}`,
  number,
  name: `run-${number}`,
  color: number,
  experiment: experimentWith({}),
  created: number,
  state: 'finished',
  hidden: false,
  summary: { step: 3, epoch: 0.3, timeMs: 300 },
  ...change,
});

const timing = { firstStepMs: 1, medianStepMs: 1, totalMs: 1 };

export const finished = (session: string, reason: 'done' | 'stopped' = 'done'): Event => ({
  type: 'finished',
  session,
  reason,
  timing,
});

/** A safetensors file without tensors, which says what it is of. */
export function headerOnly(texts: Record<string, string>): ArrayBuffer {
  const header = new TextEncoder().encode(JSON.stringify({ __metadata__: texts }));
  const file = new Uint8Array(8 + header.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  return file.buffer;
}
