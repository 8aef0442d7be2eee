/** The command line's page: one trainer worker, one job, no display. Node drives it and hears its events. */
import type { Command, Event } from '../trainer/protocol';
import type { FilesAt, Job } from './job';

const session = 'cli';

async function commandOf(job: Job, { path, ...given }: FilesAt): Promise<Command> {
  // Node does not know the page's address; the worker wants a full one.
  const data = given.data && { data: { infoUrl: new URL(`${path}data/_info.json`, window.location.href).href } };
  const weights = async (name: 'in' | 'teacher') => (await fetch(`${path}weights/${name}`)).arrayBuffer();
  switch (job.command) {
    case 'start':
      return {
        type: 'start',
        session,
        ...job.options,
        ...data,
        ...(given.weights && { initialWeights: await weights('in') }),
        ...(job.teacher && { teacher: { ...job.teacher, weights: await weights('teacher') } }),
      };
    case 'predict':
      return {
        type: 'predict',
        session,
        experiment: job.experiment,
        split: job.split,
        weights: await weights('in'),
        ...data,
      };
    default:
      return job satisfies never;
  }
}

/** Passes an event on to Node; true if it was the job's last. */
async function pass(event: Event, { path }: FilesAt): Promise<boolean> {
  switch (event.type) {
    case 'failed':
    case 'not-ready':
    case 'device-lost':
      throw new Error(event.message);
    case 'finished': {
      const { weights, ...rest } = event;
      if (weights) {
        const answer = await fetch(`${path}weights/out`, { method: 'POST', body: weights });
        if (!answer.ok) throw new Error('The weights could not be handed over.');
      }
      await window.report(rest);
      return true;
    }
    case 'predicted':
      await window.report(event);
      return true;
    case 'alive':
      return false;
    case 'predictions':
      // For the page to look into; the command `predict` is asked for its own.
      return false;
    case 'ready':
    case 'progress':
    case 'waiting':
    case 'notice':
    case 'started':
    case 'updates':
    case 'evaluated':
    case 'paused':
    case 'resumed':
    case 'probed':
    case 'performance':
      await window.report(event);
      return false;
    default:
      return event satisfies never;
  }
}

window.runJob = async (job, files) => {
  const worker = new Worker(new URL('../trainer/worker.ts', import.meta.url), { type: 'module' });
  const command = await commandOf(job, files);
  const events: Event[] = [];
  let draining = false;
  await new Promise<void>((resolve, reject) => {
    // One at a time: an event may be passed on only when those before it have arrived.
    const drain = async () => {
      if (draining) return;
      draining = true;
      for (let event = events.shift(); event; event = events.shift()) if (await pass(event, files)) resolve();
      draining = false;
    };
    const hear = (event: Event) => {
      events.push(event);
      drain().catch(reject);
    };
    worker.addEventListener('message', (message: MessageEvent<Event>) => hear(message.data));
    // Behind what it said before, which may be the reason.
    worker.addEventListener('error', ({ message }) =>
      hear({ type: 'failed', session, message: `The training worker failed: ${message}` }),
    );
    worker.postMessage({ type: 'hello' } satisfies Command);
    worker.postMessage(command);
  });
  worker.terminate();
};
