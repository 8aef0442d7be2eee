/**
 * The line to the training worker: opened when it is needed, watched while a run is on it, given up when it breaks or does not
 * answer. Knows no runs.
 */
import type { AdapterSummary } from '../core/results';
import type { Peer } from '../platform/calls';
import type { Command, Event } from '../trainer/protocol';
import type { Clock } from './ports';

/** The worker gives a sign of life every second; compiling on a software adapter can hold it for many. */
const SAY_SILENT_AFTER_S = 15;
const GIVE_UP_AFTER_S = 300;
const CHECK_MS = 1000;

/** Signs of life are for the line alone. */
export type WorkerEvent = Exclude<Event, { type: 'alive' }>;

export interface TrainerHearer {
  /** Whatever the worker says, besides signs of life. */
  event(event: WorkerEvent): void;
  /** The worker is gone. before: it had not answered yet. */
  broken(message: string, before: 'ready' | 'not ready'): void;
  /** Seconds without a sign of life, once they are many; undefined when there is one again. */
  silent(seconds: number | undefined): void;
}

export interface TrainerLine {
  /** What the worker computes on; undefined until it has said so. */
  readonly adapter: AdapterSummary | undefined;
  /** Starts a worker if there is none; it says what it computes on, and how fast that is if that is not known. */
  open(probe: boolean): void;
  readonly isOpen: boolean;
  send(command: Command, transfer?: Transferable[]): void;
  /** From when a run is on it to when it has ended. */
  watch(on: boolean): void;
  /** Ends the worker, with every session in it. */
  close(): void;
}

export function createTrainerLine(openTrainer: () => Peer, clock: Clock, hear: TrainerHearer): TrainerLine {
  let peer: Peer | undefined;
  let adapter: AdapterSummary | undefined;
  let watched = false;
  let stopChecking = () => {};
  let silence = 0;
  let checked = 0;

  function heardSomething(): void {
    if (silence >= SAY_SILENT_AFTER_S) hear.silent(undefined);
    silence = 0;
  }

  function broken(message: string): void {
    const before = adapter ? 'ready' : 'not ready';
    line.close();
    hear.broken(message, before);
  }

  function check(): void {
    const now = clock.elapsed();
    // A page that slept has not listened: what passed meanwhile is no silence of the worker's.
    silence += Math.min(now - checked, 2 * CHECK_MS) / 1000;
    checked = now;
    if (silence >= GIVE_UP_AFTER_S) {
      broken(`The training worker gave no sign of life for ${GIVE_UP_AFTER_S / 60} minutes, so it was ended.`);
      return;
    }
    if (silence >= SAY_SILENT_AFTER_S) hear.silent(Math.floor(silence));
    stopChecking = clock.after(CHECK_MS, check);
  }

  const line: TrainerLine = {
    get adapter() {
      return adapter;
    },
    get isOpen() {
      return peer !== undefined;
    },
    open(probe) {
      if (peer) return;
      const next = openTrainer();
      peer = next;
      next.listen((message) => {
        if (next !== peer) return;
        heardSomething();
        const event = message as Event;
        if (event.type === 'ready') adapter = event.adapter;
        if (event.type !== 'alive') hear.event(event);
      });
      next.onFailure((message) => {
        if (next === peer) broken(message);
      });
      line.send({ type: 'hello' });
      if (probe) line.send({ type: 'probe' });
    },
    send: (command, transfer) => peer?.post(command, transfer),
    watch(on) {
      if (on === watched) return;
      watched = on;
      heardSomething();
      stopChecking();
      checked = clock.elapsed();
      if (on) stopChecking = clock.after(CHECK_MS, check);
    },
    close() {
      line.watch(false);
      peer?.close();
      peer = undefined;
      adapter = undefined;
    },
  };
  return line;
}
