/** Runs on shards from a server that fails: the same losses, or an end in words; and Stop stops whatever it waits for. */
import { afterEach, describe, expect, it } from 'vitest';
import { commands } from 'vitest/browser';
import { type Experiment, experimentWith } from '../../src/experiment/schema';
import type { Command, Event } from '../../src/trainer/protocol';
import type { Fault } from '../support/fault-server';

const workers: Worker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) worker.terminate();
  await commands.stopFaultServers();
});

const experiment: Experiment = experimentWith({
  dataset: 'wds',
  'resnet50-vd.depths': '1,1,1,1',
  'resnet50-vd.width': '.0625',
  'data.size': '16',
  'data.batch': '8',
  'data.evalFraction': '.05',
  flip: 'on',
  'stop.steps': '4',
});

type End = Extract<Event, { type: 'finished' | 'failed' }>;

/** Starts a run on the emoji, from a server with these faults. */
async function start(faults: Record<string, Fault[]>) {
  const url = await commands.withFaults('public/datasets/emoji', faults);
  const worker = new Worker(new URL('../../src/trainer/worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  const events: Event[] = [];
  const send = (command: Command) => worker.postMessage(command);
  const end = new Promise<End>((resolve) => {
    worker.addEventListener('message', ({ data }: MessageEvent<Event>) => {
      events.push(data);
      if (data.type === 'finished' || data.type === 'failed') resolve(data);
    });
  });
  send({
    type: 'start',
    session: 's',
    experiment,
    data: { infoUrl: `${url}_info.json` },
    dataWorkers: 1,
    returnWeights: true,
  });
  const losses = () =>
    events.flatMap((event) => (event.type === 'updates' ? event.metrics.map(({ loss }) => loss) : []));
  return { events, end, losses, stop: () => send({ type: 'stop', session: 's' }) };
}

const always = (fault: Fault) => new Array<Fault>(60).fill(fault);
/** The cache of shards on disk would hide the second run's faults. */
const withoutCache = async () => {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry('shards', { recursive: true }).catch(() => {});
};

describe('faults of a server', () => {
  it('that pass leave the losses bit for bit as they were', async () => {
    await withoutCache();
    const quiet = await start({});
    expect(await quiet.end).toMatchObject({ type: 'finished', reason: 'done' });
    expect(quiet.losses()).toHaveLength(4);
    await withoutCache();
    const shard = (number: number) => `emoji-train-000${number}.tar`;
    const stormy = await start({
      '_info.json': ['error', 'busy'],
      [shard(0)]: ['cut', 'cut'],
      [shard(1)]: ['busy'],
      [shard(2)]: ['damaged'],
      [shard(3)]: ['truncated', 'error'],
      [shard(4)]: ['slow'],
      [shard(5)]: ['longer'],
      'emoji-validation-0000.tar': ['page'],
    });
    expect(await stormy.end).toMatchObject({ type: 'finished', reason: 'done' });
    expect(stormy.losses()).toEqual(quiet.losses());
    const evaluated = (events: Event[]) =>
      events.filter((event) => event.type === 'evaluated').map(({ metrics }) => metrics.loss);
    expect(evaluated(stormy.events)).toEqual(evaluated(quiet.events));
    const waits = stormy.events.flatMap((event) => (event.type === 'waiting' && event.message ? [event.message] : []));
    expect(waits.join()).toMatch(/trying again in \d+ s \(the server answered (429|500)\)/);
    const notices = stormy.events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
    expect(notices.join()).toContain('were measured');
  });

  it('that stay end the run in words, and what it learned is handed over', async () => {
    await withoutCache();
    const { end, losses } = await start({
      'emoji-validation-0000.tar': always('missing'),
      'emoji-validation-0001.tar': always('missing'),
    });
    const failed = await end;
    expect(failed).toMatchObject({ type: 'failed', message: expect.stringContaining('does not exist') });
    expect(losses()).toHaveLength(4);
    expect(failed.weights?.byteLength).toBeGreaterThan(10_000);
  });

  it.each([
    ['the index', { '_info.json': always('silence') }],
    ['a shard', { 'emoji-train-0000.tar': always('stall'), 'emoji-train-0001.tar': always('silence') }],
    ['a busy server', { '_info.json': always('busy') }],
  ])('do not keep Stop from stopping: %s', async (_, faults) => {
    await withoutCache();
    const { end, stop } = await start(faults);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const asked = performance.now();
    stop();
    expect(await end).toMatchObject({ type: 'finished', reason: 'stopped' });
    expect(performance.now() - asked).toBeLessThan(6000);
  });
});
