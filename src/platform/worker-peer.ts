/** A browser's worker as a Peer: one wording of how workers fail, and a browser that refuses them is only one more failure. */
import { messageOf } from '../core/message';
import type { Peer } from './calls';

/** A worker that never was: whoever listens is told why, in a task of its own as with one that breaks. */
const refused = (message: string): Peer => ({
  post: () => undefined,
  listen: () => undefined,
  onFailure: (heard) => queueMicrotask(() => heard(message)),
  close: () => undefined,
});

/** Starts a worker. name begins a sentence: 'The training worker'. Never throws: what goes wrong is heard by onFailure. */
export function workerPeer(name: string, start: () => Worker): Peer {
  let worker: Worker;
  try {
    worker = start();
  } catch (error) {
    return refused(`${name} could not be started: this browser refused it (${messageOf(error)}).`);
  }
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    listen: (heard) => worker.addEventListener('message', ({ data }) => heard(data)),
    onFailure: (heard) => {
      // A script that can't be loaded is an error event without a message.
      worker.addEventListener('error', ({ message }) =>
        heard(`${name} stopped: ${message || 'its script could not be loaded'}.`),
      );
      worker.addEventListener('messageerror', () => heard(`${name} sent a message that could not be read.`));
    },
    close: () => worker.terminate(),
  };
}
