/** The page's end of trainer/protocol: one worker, any number of sessions, a fresh worker when the device is gone. */
import type { Command, Event, StartOptions } from '../trainer/protocol';

export interface TrainerClient {
  send(command: Command): void;
  start(session: string, options: StartOptions): void;
  /** Ends the worker (and every session in it) and starts a fresh one. */
  restart(): void;
}

/**
 * Starts the training worker. Events arrive as they come; a worker that breaks (a script error, a message that cannot be read)
 * is reported as 'device-lost', because for the page it means the same: its sessions are gone, a new worker is needed.
 */
export function createTrainerClient(onEvent: (event: Event) => void): TrainerClient {
  let worker = spawn();
  function spawn(): Worker {
    const next = new Worker(new URL('../trainer/worker.ts', import.meta.url), { type: 'module', name: 'trainer' });
    next.onmessage = (message: MessageEvent<Event>) => {
      if (next === worker) onEvent(message.data);
    };
    const broken = (message: string) => {
      if (next === worker) onEvent({ type: 'device-lost', message });
    };
    next.onerror = (error) =>
      broken(`The training worker stopped: ${error.message || 'its script could not be loaded'}.`);
    next.onmessageerror = () => broken('The training worker sent a message that could not be read.');
    next.postMessage({ type: 'hello' } satisfies Command);
    return next;
  }
  const send = (command: Command) => worker.postMessage(command);
  return {
    send,
    // The teacher's weights are not needed here again; a copy of them would take as much memory.
    start: (session, options) =>
      worker.postMessage(
        { type: 'start', session, ...options } satisfies Command,
        options.teacher ? [options.teacher.weights] : [],
      ),
    restart: () => {
      worker.terminate();
      worker = spawn();
    },
  };
}
