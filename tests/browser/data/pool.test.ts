/** Data workers that die: whatever they were doing is done again, with the same pixels. */
import { afterEach, expect, it } from 'vitest';
import { openPool, type PoolJob, type PoolOptions } from '../../../src/data/pool';
import { flatPng } from '../../support/flat-png';

const startReal = () => new Worker(new URL('../../../src/data/worker.ts', import.meta.url), { type: 'module' });
const startScript = (text: string) => new Worker(URL.createObjectURL(new Blob([text])));
/** Takes every job and never answers. */
const startSilent = () => startScript('');
/** The address of a script that is no more. */
const startMissing = () => {
  const url = URL.createObjectURL(new Blob(['']));
  URL.revokeObjectURL(url);
  return new Worker(url);
};
const startThrowing = () => startScript("onmessage = () => { throw new Error('out of memory'); };");

const pools: { close(): void }[] = [];
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
});
const open = (options: PoolOptions, workers = 1) => {
  const pool = openPool(workers, options);
  pools.push(pool);
  return pool;
};

const images = await Promise.all([50, 100, 150, 200].map((level) => flatPng(40, 30, [level, 255 - level, 7])));
const job: PoolJob = {
  source: 'test',
  seed: 1,
  epoch: 0,
  training: false,
  recipe: { size: 16, on: {}, options: {} },
  sampleIndex: [0, 1, 2, 3],
  images,
};
const expected = (await open({ start: startReal }).run(0, job)).pixels;

/** Starts the given workers, one after the other, then real ones. */
const oneAfterTheOther = (...starts: (() => Worker)[]) => {
  const left = [...starts];
  return () => (left.shift() ?? startReal)();
};

it.each([
  ['says nothing', [startSilent]],
  ['throws', [startThrowing]],
  ['cannot be loaded', [startMissing]],
  ['is followed by others that fail', [startSilent, startThrowing, startSilent]],
] as const)('does the jobs of a worker that %s again, with the same pixels', async (_, starts) => {
  const pool = open({ start: oneAfterTheOther(...starts), silentMs: 700 });
  const results = await Promise.all([pool.run(0, job), pool.run(0, job)]);
  for (const { pixels, failures } of results) {
    expect(pixels).toEqual(expected);
    expect(failures).toEqual([]);
  }
});

it('does the jobs of a worker that is killed in the middle again', async () => {
  const started: Worker[] = [];
  const start = () => {
    const worker = startReal();
    started.push(worker);
    return worker;
  };
  const pool = open({ start, silentMs: 1500 }, 2);
  expect((await pool.run(0, job)).pixels).toEqual(expected);
  const running = [pool.run(0, job), pool.run(1, job), pool.run(0, job)];
  started[0]?.terminate();
  for (const { pixels } of await Promise.all(running)) expect(pixels).toEqual(expected);
  expect(started).toHaveLength(3);
});

it('gives a job up that costs every worker, in words, and does the next one', async () => {
  const pool = open({ start: oneAfterTheOther(...new Array(4).fill(startThrowing)), silentMs: 700 });
  const [bad, good] = [pool.run(0, job), pool.run(0, job)];
  await expect(bad).rejects.toThrow(/A data worker failed 4 times at the same 4 images: .*out of memory/);
  expect((await good).pixels).toEqual(expected);
});

it('ends jobs that wait when it is closed', async () => {
  const pool = open({ start: startSilent });
  const waiting = pool.run(0, job);
  pool.close();
  await expect(waiting).rejects.toThrow('closed');
  await expect(pool.run(0, job)).rejects.toThrow('closed');
});
