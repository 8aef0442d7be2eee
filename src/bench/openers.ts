/** The contenders that the page has too. jax-js is a rival for developers only: cli/bench-page.ts opens it. */
import type { Peer } from '../platform/calls';
import { workerPeer } from '../platform/worker-peer';

export const openOurs = (): Peer =>
  workerPeer(
    "Tricklab's worker in the benchmark",
    () => new Worker(new URL('./ours.worker.ts', import.meta.url), { type: 'module' }),
  );

export const openStock = (): Peer =>
  workerPeer(
    "Stock tfjs's worker in the benchmark",
    () => new Worker(new URL('./stock.worker.ts', import.meta.url), { type: 'module' }),
  );
