/** What the engine did: for the performance panel, the benchmark, and the tests that hold the budget. */

export interface Counters {
  dispatches: number;
  submits: number;
  /** Bytes written to the GPU. */
  uploadBytes: number;
  /** Bytes of all buffers bound by all dispatches. */
  boundBytes: number;
  /** Pipelines compiled. */
  pipelines: number;
  compileMs: number;
}

export const zeroCounters = (): Counters => ({
  dispatches: 0,
  submits: 0,
  uploadBytes: 0,
  boundBytes: 0,
  pipelines: 0,
  compileMs: 0,
});

/** What was counted between two readings. */
export const countersSince = (before: Counters, after: Counters): Counters => ({
  dispatches: after.dispatches - before.dispatches,
  submits: after.submits - before.submits,
  uploadBytes: after.uploadBytes - before.uploadBytes,
  boundBytes: after.boundBytes - before.boundBytes,
  pipelines: after.pipelines - before.pipelines,
  compileMs: after.compileMs - before.compileMs,
});
