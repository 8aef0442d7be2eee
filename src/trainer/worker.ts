/** The training worker: turns commands into sessions and sends their events. No maths here. */
import { messageOf } from '../core/message';
import type { AdapterSummary } from '../core/results';
import { measureFlops, openBackend } from '../engine';
import { unmetNeeds } from '../experiment/needs';
import { predict } from './predict';
import type { Command, Event, SessionId } from './protocol';
import { type Session, startSession } from './session';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const sessions = new Map<SessionId, Session>();

const emit = (event: Event, transfer: Transferable[] = []) => scope.postMessage(event, transfer);

const failEverything = (message: string) => {
  for (const [id, session] of sessions) {
    session.stop();
    emit({ type: 'failed', session: id, message });
  }
  sessions.clear();
};

let backend: Promise<AdapterSummary> | undefined;

/** The backend, opened once. */
function ready(): Promise<AdapterSummary> {
  backend ??= openBackend({
    // GPU errors are silent unless somebody listens; the numbers after one cannot be trusted.
    onError: (message) => failEverything(`The GPU reported an error, so the run was ended: ${message}`),
    onLost: (message) => {
      failEverything(`The GPU was lost: ${message}`);
      emit({ type: 'device-lost', message });
    },
  });
  return backend;
}

async function obey(command: Command): Promise<void> {
  const adapter = await ready();
  switch (command.type) {
    case 'hello':
      return emit({ type: 'ready', adapter });
    case 'probe':
      return emit({ type: 'probed', flops: await measureFlops() });
    case 'start': {
      const id = command.session;
      const unmet = unmetNeeds(command.experiment, adapter.features);
      if (unmet.length > 0) throw new Error(`${unmet.join(' ')} Switch it off, or train on another device.`);
      const session = startSession(id, command, (event, transfer) => {
        // A session that a GPU error has ended must not report a success afterwards.
        if (sessions.has(id)) emit(event, transfer);
      });
      sessions.set(id, session);
      await session.ended;
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
  obey(message.data).catch((error: unknown) => {
    const text = messageOf(error);
    if ('session' in message.data) emit({ type: 'failed', session: message.data.session, message: text });
    else emit({ type: 'device-lost', message: text });
  });
});
