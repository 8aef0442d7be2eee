/** When a run works: its clock, the door that a pause closes, and the batches that make one update. */
import type { Batch } from '../data/types';

/** Time that runs only while the run does. */
export class Stopwatch {
  private elapsed = 0;
  private since = performance.now();
  private running = true;

  get milliseconds(): number {
    return this.elapsed + (this.running ? performance.now() - this.since : 0);
  }

  halt(): void {
    this.elapsed = this.milliseconds;
    this.running = false;
  }

  go(): void {
    this.since = performance.now();
    this.running = true;
  }
}

/** A door that a paused run waits at. */
export class Gate {
  private open = Promise.resolve();
  private release: (() => void) | undefined;

  get closed(): boolean {
    return this.release !== undefined;
  }

  close(): void {
    if (this.release) return;
    this.open = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  unlock(): void {
    this.release?.();
    this.release = undefined;
  }

  pass(): Promise<void> {
    return this.open;
  }
}

/** Groups batches into the micro-batches of one update; the last group of an epoch may be smaller. */
export async function* microBatches(batches: AsyncIterable<Batch>, size: number): AsyncGenerator<Batch[]> {
  let group: Batch[] = [];
  for await (const batch of batches) {
    group.push(batch);
    if (group.length === size) {
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}
