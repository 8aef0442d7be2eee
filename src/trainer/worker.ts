/** The training worker: turns commands into sessions and sends their events. No maths here. */
import { messageOf } from '../core/message';
import type { AdapterSummary } from '../core/results';
import { DEVICE_LOST, deviceLives, measureFlops, openBackend } from '../engine';
import { unmetNeeds } from '../experiment/needs';
import { predict } from './predict';
import type { Command, Event, SessionId } from './protocol';
import { type Session, startSession } from './session';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const sessions = new Map<SessionId, Session>();

const emit = (event: Event, transfer: Transferable[] = []) => scope.postMessage(event, transfer);

/** Milliseconds between two signs of life. */
const ALIVE_EVERY = 1000;

setInterval(() => {
  if (opening || sessions.size > 0) emit({ type: 'alive' });
}, ALIVE_EVERY);

/** Ends every session, without a word more from any; resolves to their ids. */
const endEverything = (): SessionId[] => {
  const ids = [...sessions.keys()];
  for (const session of sessions.values()) session.stop();
  sessions.clear();
  return ids;
};

let backend: Promise<AdapterSummary> | undefined;
let opening = false;
let lost = false;

/** Says once that the device is gone, in the place of whatever else its loss breaks. */
function lose(): void {
  endEverything();
  if (!lost) emit({ type: 'device-lost', message: DEVICE_LOST });
  lost = true;
}

/** The backend, opened once. */
function ready(): Promise<AdapterSummary> {
  if (backend) return backend;
  opening = true;
  backend = openBackend({
    // GPU errors are silent unless somebody listens; the numbers after one cannot be trusted.
    onError: (message) => {
      for (const session of endEverything())
        emit({ type: 'failed', session, message: `The GPU reported an error, so the run was ended: ${message}` });
    },
    onLost: lose,
  });
  const opened = () => {
    opening = false;
  };
  backend.then(opened, opened);
  return backend;
}

async function obey(command: Command): Promise<void> {
  const adapter = await ready();
  switch (command.type) {
    case 'hello':
      return emit({ type: 'ready', adapter });
    case 'probe':
      // A device that can't be measured may train all the same.
      return emit({
        type: 'probed',
        ...(await measureFlops().then(
          (flops) => ({ flops }),
          () => ({}),
        )),
      });
    case 'start': {
      const id = command.session;
      const unmet = unmetNeeds(command.experiment, adapter.features);
      if (unmet.length > 0) throw new Error(`${unmet.join(' ')} Switch it off, or train on another device.`);
      let explained = Promise.resolve();
      const session = startSession(id, command, (event, transfer) => {
        const say = () => {
          // A session that a GPU error has ended must not report a success afterwards.
          if (sessions.has(id)) emit(event, transfer);
        };
        if (event.type === 'failed') explained = deviceLives().then((lives) => (lives ? say() : lose()));
        else say();
      });
      sessions.set(id, session);
      await session.ended;
      await explained;
      sessions.delete(id);
      return;
    }
    case 'pause':
      return sessions.get(command.session)?.pause();
    case 'resume':
      return sessions.get(command.session)?.resume();
    case 'stop':
      return sessions.get(command.session)?.stop();
    case 'time-kernels':
      return sessions.get(command.session)?.timeKernels();
    case 'predict':
      return emit(await predict(command, (message) => emit({ type: 'notice', session: command.session, message })));
    default:
      return command satisfies never;
  }
}

scope.addEventListener('message', (message: MessageEvent<Command>) => {
  obey(message.data).catch(async (error: unknown) => {
    if (!(await deviceLives())) return lose();
    const text = messageOf(error);
    if ('session' in message.data) emit({ type: 'failed', session: message.data.session, message: text });
    else emit({ type: 'not-ready', message: text });
  });
});
