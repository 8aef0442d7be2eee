/** The contenders that the page has too. jax-js is a rival for developers only: cli/bench-page.ts opens it. */
import { type Peer, workerPeer } from './remote';

export const openOurs = (): Peer =>
  workerPeer(new Worker(new URL('./ours.worker.ts', import.meta.url), { type: 'module' }));

export const openStock = (): Peer =>
  workerPeer(new Worker(new URL('./stock.worker.ts', import.meta.url), { type: 'module' }));
