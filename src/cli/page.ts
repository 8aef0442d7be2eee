/** The command line's page: one trainer worker, one job, no display. Node drives it and hears its events. */
import type { Command, DataSource, Event } from '../trainer/protocol';
import type { Job } from './job';

const session = 'cli';

/** Node does not know the page's address; the worker wants a full one. */
const fullAddress = (data: DataSource | undefined) =>
  data && { data: { infoUrl: new URL(data.infoUrl, window.location.href).href } };

async function commandOf(job: Job): Promise<Command> {
  const weights = async (name = 'in') => (await fetch(`/@weights/${name}`)).arrayBuffer();
  switch (job.command) {
    case 'start':
      return {
        type: 'start',
        session,
        ...job.options,
        ...fullAddress(job.options.data),
        ...(job.initialWeights && { initialWeights: await weights() }),
        ...(job.teacher && { teacher: { ...job.teacher, weights: await weights('teacher') } }),
      };
    case 'predict':
      return {
        type: 'predict',
        session,
        experiment: job.experiment,
        split: job.split,
        weights: await weights(),
        ...fullAddress(job.data),
      };
    default:
      return job satisfies never;
  }
}

/** Passes an event on to Node; true if it was the job's last. */
async function pass(event: Event): Promise<boolean> {
  switch (event.type) {
    case 'failed':
    case 'device-lost':
      throw new Error(event.message);
    case 'finished': {
      const { weights, ...rest } = event;
      if (weights) {
        const answer = await fetch('/@weights/out', { method: 'POST', body: weights });
        if (!answer.ok) throw new Error('The weights could not be handed over.');
      }
      await window.report(rest);
      return true;
    }
    case 'predicted':
      await window.report(event);
      return true;
    case 'predictions':
      // For the page to look into; the command `predict` is asked for its own.
      return false;
    case 'ready':
    case 'progress':
    case 'waiting':
    case 'notice':
    case 'started':
    case 'steps':
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

window.runJob = async (job) => {
  const worker = new Worker(new URL('../trainer/worker.ts', import.meta.url), { type: 'module' });
  const command = await commandOf(job);
  const events: Event[] = [];
  let draining = false;
  await new Promise<void>((resolve, reject) => {
    // One at a time: an event may be passed on only when those before it have arrived.
    const drain = async () => {
      if (draining) return;
      draining = true;
      for (let event = events.shift(); event; event = events.shift()) if (await pass(event)) resolve();
      draining = false;
    };
    worker.addEventListener('message', (message: MessageEvent<Event>) => {
      events.push(message.data);
      drain().catch(reject);
    });
    worker.addEventListener('error', (error) => reject(new Error(`The training worker failed: ${error.message}`)));
    worker.postMessage({ type: 'hello' } satisfies Command);
    worker.postMessage(command);
  });
  worker.terminate();
};
