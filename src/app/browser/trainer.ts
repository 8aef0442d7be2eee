import type { Peer } from '../../platform/calls';
import { workerPeer } from '../../platform/worker-peer';

/** Starts the training worker, which speaks trainer/protocol. */
export const openTrainer = (): Peer =>
  workerPeer(
    'The training worker',
    () => new Worker(new URL('../../trainer/worker.ts', import.meta.url), { type: 'module', name: 'trainer' }),
  );
