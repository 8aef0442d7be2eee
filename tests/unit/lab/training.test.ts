/** The queue and the worker: whatever happens to one, the other goes on, and Stop always stops. */
import { describe, expect, it } from 'vitest';
import type { AdapterSummary } from '../../../src/core/results';
import { isBusy, stateWord } from '../../../src/lab/lab';
import { finished, gpu, headerOnly, openWorld, settled, steps, type World } from './world';

const state = ({ lab }: World) => lab.store.getState();
const states = (world: World) => state(world).runs.map((run) => stateWord(run, state(world)));
const idOf = (world: World, at: number) => state(world).runs[at]?.id ?? '';
const notices = (world: World) => state(world).notices.map(({ kind, title }) => `${kind}: ${title}`);

/** Presses Train so many times. */
async function train(world: World, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) await world.lab.actions.start();
  await settled();
}

describe('training', () => {
  it('starts a run in the worker, shows its steps, and keeps how it ended', async () => {
    const world = await openWorld();
    await train(world);
    const id = idOf(world, 0);
    expect(world.worker().started).toEqual([id]);
    expect(states(world)).toEqual(['preparing']);
    expect(isBusy(state(world))).toBe(true);
    world.worker().says({ type: 'updates', session: id, metrics: steps(1, 3) });
    await world.clock.pass(300);
    expect(states(world)).toEqual(['running']);
    expect(state(world).runs[0]?.summary.step).toBe(3);
    // Too soon after the last save for one of its own.
    world.worker().says({ type: 'updates', session: id, metrics: steps(4, 5) }, finished(id));
    await settled();
    expect(states(world)).toEqual(['finished']);
    expect(isBusy(state(world))).toBe(false);
    expect(world.disk.runs.get(id)).toMatchObject({ state: 'finished', summary: { step: 5 } });
    expect(world.disk.curves.get(id)).toEqual([1, 2, 3, 4, 5]);
  });

  it('is refused where no device has the memory, with what would fit', async () => {
    const size = 'v=1&resnet50-vd.width=2&resnet50-vd.depths=3,4,6,3&data.size=512&data.batch=1024';
    const world = await openWorld({ query: size });
    await train(world);
    expect(state(world).runs).toEqual([]);
    expect(notices(world)).toEqual(['memory: This experiment has no room on this device.']);
    const { message } = state(world).notices[0] ?? {};
    expect(message).toMatch(/about [\d.]+ GB; the largest GPU .+ 384\.0 GB\. It would fit with a batch of \d+\.$/);
    world.lab.actions.setOption('data', 'batch', 8);
    await train(world);
    expect(notices(world)).toEqual([]);
    expect(state(world).runs).toHaveLength(1);
  });

  it('says once of a run that it diverges in finite numbers', async () => {
    const world = await openWorld();
    await train(world);
    const session = idOf(world, 0);
    const started = { type: 'started', session, parameters: 1, updatesPerEpoch: 10, totalUpdates: 90 } as const;
    world.worker().says({ ...started, classes: ['a', 'b'] });
    const lost = steps(1, 9).map((metrics) => ({ ...metrics, loss: 1e6 }));
    world.worker().says({ type: 'updates', session, metrics: lost });
    expect(notices(world)).toEqual([]);
    world.worker().says({ type: 'updates', session, metrics: steps(10, 12).map((one) => ({ ...one, loss: 1e6 })) });
    expect(notices(world)).toEqual([`divergence: ${state(world).runs[0]?.name} diverges.`]);
    await train(world);
    expect(notices(world)).toEqual([]);
  });

  it('queues runs behind the one in progress, in order, each with a name, a number and a colour of its own', async () => {
    const world = await openWorld();
    await Promise.all([world.lab.actions.start(), world.lab.actions.start(), world.lab.actions.start()]);
    await settled();
    expect(states(world)).toEqual(['preparing', 'waiting', 'waiting']);
    expect(state(world).runs.map(({ number }) => number)).toEqual([0, 1, 2]);
    expect(new Set(state(world).runs.map(({ name }) => name)).size).toBe(3);
    for (const at of [0, 1, 2]) {
      expect(world.worker().started).toEqual(
        state(world)
          .runs.slice(0, at + 1)
          .map(({ id }) => id),
      );
      world.worker().says(finished(idOf(world, at)));
      await settled();
    }
    expect(states(world)).toEqual(['finished', 'finished', 'finished']);
  });

  it('pauses and resumes as the worker says', async () => {
    const world = await openWorld();
    await train(world);
    const session = idOf(world, 0);
    world.lab.actions.pause();
    world.worker().says({ type: 'paused', session });
    expect(states(world)).toEqual(['paused']);
    world.lab.actions.resume();
    world.worker().says({ type: 'resumed', session });
    expect(states(world)).toEqual(['running']);
    expect(world.worker().heard.map(({ type }) => type)).toEqual(['hello', 'probe', 'start', 'pause', 'resume']);
  });

  it('stops a run that answers within its time without ending the worker', async () => {
    const world = await openWorld();
    await train(world, 2);
    world.lab.actions.stop();
    await world.clock.pass(4900);
    world.worker().says(finished(idOf(world, 0), 'stopped'));
    await world.clock.pass(60_000);
    expect(world.workers).toHaveLength(1);
    expect(states(world)).toEqual(['stopped', 'preparing']);
  });

  it('ends a worker that does not answer Stop within 5 s, says so, and goes on with a new one', async () => {
    const world = await openWorld();
    await train(world, 2);
    const hung = world.worker();
    world.lab.actions.stop();
    await world.clock.pass(3000);
    // A second press gives no more time.
    world.lab.actions.stop();
    await world.clock.pass(2000);
    expect(hung.closed).toBe(true);
    expect(states(world)).toEqual(['stopped', 'preparing']);
    expect(world.worker().started).toEqual([idOf(world, 1)]);
    expect(notices(world).join()).toContain('was ended by force');
    // What the dead one would still say is not heard.
    hung.says(finished(idOf(world, 1)));
    expect(states(world)).toEqual(['stopped', 'preparing']);
  });

  it('frees the queue when the run in progress is deleted, whether its worker answers or not', async () => {
    for (const answers of [true, false]) {
      const world = await openWorld();
      await train(world, 2);
      const [first, second] = [idOf(world, 0), idOf(world, 1)];
      world.lab.actions.remove(first);
      await settled();
      expect(world.worker().stopped).toEqual([first]);
      if (answers) world.worker().says(finished(first, 'stopped'));
      else await world.clock.pass(5000);
      await settled();
      expect(world.workers).toHaveLength(answers ? 1 : 2);
      expect(world.worker().started.at(-1)).toBe(second);
      world.worker().says(finished(second));
      await settled();
      expect(states(world)).toEqual(['finished']);
      await train(world);
      expect(states(world)).toEqual(['finished', 'preparing']);
    }
  });

  it('trains after a hung run was stopped before the worker was ready', async () => {
    const world = await openWorld({ adapter: null });
    await train(world);
    world.lab.actions.stop();
    await settled();
    expect(states(world)).toEqual(['stopped']);
    await train(world);
    expect(world.workers).toHaveLength(2);
    world.worker().says({ type: 'ready', adapter: gpu });
    expect(world.worker().started).toEqual([idOf(world, 1)]);
  });
});

describe('a worker that gives no sign of life', () => {
  it('is told of after 15 s, and ended only after minutes', async () => {
    const world = await openWorld();
    await train(world, 2);
    await world.clock.pass(14_000);
    expect(state(world).silence).toBeUndefined();
    await world.clock.pass(2000);
    expect(state(world).silence).toBeGreaterThanOrEqual(15);
    expect(states(world)).toEqual(['preparing', 'waiting']);
    world.worker().says({ type: 'alive' });
    expect(state(world).silence).toBeUndefined();
    await world.clock.pass(200_000);
    expect(world.workers).toHaveLength(1);
    await world.clock.pass(110_000);
    expect(states(world)).toEqual(['failed', 'preparing']);
    expect(state(world).runs[0]?.message).toContain('no sign of life for 5 minutes');
    expect(world.worker().started).toEqual([idOf(world, 1)]);
  });

  it('is not blamed for the time that the page slept', async () => {
    const world = await openWorld();
    await train(world);
    // A frozen page's timers wait: an hour lies between two of them.
    world.clock.elapsed = () => 3_600_000;
    await world.clock.pass(1100);
    expect(state(world).silence).toBeUndefined();
    expect(states(world)).toEqual(['preparing']);
  });

  it('is not watched while nothing trains', async () => {
    const world = await openWorld();
    await world.clock.pass(3_600_000);
    expect(world.workers).toHaveLength(1);
    expect(notices(world)).toEqual([]);
  });
});

describe('a worker that breaks', () => {
  it('takes its run with it, and the queue goes on in a new one', async () => {
    const world = await openWorld();
    await train(world, 3);
    world.worker().breaks('The training worker stopped: Uncaught Error: injected.');
    await settled();
    expect(states(world)).toEqual(['failed', 'preparing', 'waiting']);
    expect(world.workers).toHaveLength(2);
    expect(notices(world)).toEqual(['trainer: The GPU or its worker stopped.']);
  });

  it('before it ever answered is said, and tried anew at the next Train', async () => {
    const world = await openWorld({ adapter: null });
    await train(world, 2);
    world.worker().breaks('The training worker stopped: its script could not be loaded.');
    await settled();
    expect(states(world)).toEqual(['failed', 'waiting']);
    expect(state(world)).toMatchObject({ trainer: 'gone', active: undefined });
    expect(notices(world)).toEqual(['trainer: The training worker could not start.']);
    expect(world.workers).toHaveLength(1);
    await train(world);
    expect(world.workers).toHaveLength(2);
    world.worker().says({ type: 'ready', adapter: gpu });
    // What waited first goes first.
    expect(world.worker().started).toEqual([idOf(world, 1)]);
    expect(states(world)).toEqual(['failed', 'preparing', 'waiting']);
  });

  it('and says that nothing here can compute is said in its words', async () => {
    const world = await openWorld({ adapter: null });
    await train(world);
    world.worker().says({ type: 'not-ready', message: 'No backend can compute here.' });
    await settled();
    expect(state(world).runs[0]).toMatchObject({ state: 'failed', message: 'No backend can compute here.' });
    await train(world);
    expect(world.workers).toHaveLength(2);
  });
});

it('a run that waits for a deleted one to end is not lost with the worker', async () => {
  const world = await openWorld();
  await train(world, 2);
  const [first, second] = [idOf(world, 0), idOf(world, 1)];
  world.lab.actions.remove(first);
  await settled();
  world.worker().breaks('The training worker stopped: Uncaught Error: injected.');
  await settled();
  expect(states(world)).toEqual(['preparing']);
  expect(world.worker().started).toEqual([second]);
});

it('what a run waits for and what its data lack is said while it is, and what a failed run has learned is kept', async () => {
  const world = await openWorld();
  await train(world);
  const session = idOf(world, 0);
  world.worker().says({ type: 'waiting', session, message: 'Trying again in 4 s (429)' });
  expect(state(world).waitingFor).toBe('Trying again in 4 s (429)');
  world.worker().says({ type: 'waiting', session }, { type: 'notice', session, message: '3 images were left out.' });
  expect(state(world).waitingFor).toBeUndefined();
  expect(state(world).notices.find(({ kind }) => kind === 'data')?.message).toBe('3 images were left out.');
  world.worker().says({ type: 'updates', session, metrics: steps(1, 3) });
  const weights = headerOnly({ model: 'resnet50-vd', options: '{}', classes: '10', size: '28' });
  world.worker().says({ type: 'failed', session, message: 'The network is gone.', weights });
  await settled();
  expect(states(world)).toEqual(['failed']);
  expect([...world.disk.weights.keys()]).toEqual([session]);
});

describe('a GPU that is lost', () => {
  const lost = { type: 'device-lost', message: 'A valid external Instance reference no longer exists.' } as const;

  it('fails the run in words of ours, and the queue goes on', async () => {
    const world = await openWorld();
    await train(world, 2);
    world.worker().says(lost);
    await settled();
    expect(states(world)).toEqual(['failed', 'preparing']);
    expect(state(world).runs[0]?.message).toBe('The GPU was lost while this run trained.');
    expect(world.worker().started).toEqual([idOf(world, 1)]);
  });

  it('twice asks for a new browser, and lets what waits wait for a press', async () => {
    const world = await openWorld();
    await train(world, 3);
    world.worker().says(lost);
    await settled();
    world.worker().says(lost);
    await settled();
    expect(states(world)).toEqual(['failed', 'failed', 'waiting']);
    expect(state(world).notices.find(({ kind }) => kind === 'trainer')?.message).toContain('Restart the browser');
    await world.clock.pass(600_000);
    expect(world.workers).toHaveLength(2);
    await train(world);
    expect(states(world)).toEqual(['failed', 'failed', 'preparing', 'waiting']);
  });

  it('is never made up for by another backend that nobody asked for', async () => {
    const slow: AdapterSummary = { ...gpu, backend: 'webgl', fallbackReason: 'webgpu: no adapter' };
    const world = await openWorld({ adapter: null });
    world.worker().says({ type: 'ready', adapter: gpu });
    await train(world, 2);
    world.worker().says(lost);
    await settled();
    world.worker().says({ type: 'ready', adapter: slow });
    await settled();
    expect(world.worker().started).toEqual([]);
    expect(states(world)).toEqual(['failed', 'waiting']);
    const notice = state(world).notices.find(({ kind }) => kind === 'trainer');
    expect(notice).toMatchObject({ title: 'The GPU did not come back.', remedy: 'train-anyway' });
    await train(world);
    expect(world.worker().started).toEqual([]);
    world.lab.actions.trainAnyway();
    await settled();
    expect(world.worker().started).toEqual([idOf(world, 1)]);
  });
});
