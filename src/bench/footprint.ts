/** What one training step costs besides computing: counted, so any adapter will do, and none computes. */
import { median } from '../core/stats';
import { watchDevices } from './device-boundary';

export interface Footprint {
  dispatches: number;
  submits: number;
  /** Bytes written to the GPU, the batch left out. */
  uploadBytes: number;
  /** Bytes of all buffers bound by all dispatches. */
  boundBytes: number;
  /** Most bytes of GPU buffers at one time, building included. */
  peakBytes: number;
  /** JavaScript time of a warm step until the thread is free again, milliseconds. */
  jsMs: number;
}

const TIMED_STEPS = 7;

/** Resolves when the JavaScript that is ready to run has run; does not wait for the GPU. */
function threadFree(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Builds with every device of this worker watched and nothing computed, then counts one warm step and times some. */
export async function takeFootprint(
  build: () => Promise<{ step(): Promise<number>; batchBytes: number }>,
): Promise<Footprint> {
  const watch = watchDevices({ execute: false });
  const { step, batchBytes } = await build();
  // The second step is the first one without anything new in it.
  await step();
  await step();
  watch.restart();
  await step();
  const { dispatches, submits, uploadBytes, boundBytes } = watch.traffic;
  const times: number[] = [];
  for (let i = 0; i < TIMED_STEPS; i++) {
    const start = performance.now();
    const done = step();
    await threadFree();
    times.push(performance.now() - start);
    await done;
  }
  return {
    dispatches,
    submits,
    uploadBytes: uploadBytes - batchBytes,
    boundBytes,
    peakBytes: watch.peakBytes,
    jsMs: median(times),
  };
}
