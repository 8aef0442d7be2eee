/** Runs in IndexedDB: changed by their fields, numbered by the store, whole after failed writes, read with suspicion. */
import { deleteDB } from 'idb';
import { afterEach, expect, it, vi } from 'vitest';
import type { UpdateMetrics } from '../../../src/core/results';
import { defaultExperiment } from '../../../src/experiment/schema';
import type { Run } from '../../../src/runs/run';
import { Series } from '../../../src/runs/series';
import { openRunStore } from '../../../src/runs/store';
import { twoPredictions as predictions } from '../../support/predictions';

const name = 'tricklab-test-runs';
afterEach(async () => {
  vi.restoreAllMocks();
  await deleteDB(name);
});

const run: Run = {
  id: 'a',
  number: 0,
  name: 'amber-acorn',
  color: 0,
  experiment: defaultExperiment(),
  created: 0,
  state: 'finished',
  hidden: false,
  summary: { step: 1, epoch: 1, timeMs: 1 },
};

const steps = (from: number, to: number): UpdateMetrics[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    step: from + i,
    epoch: 1,
    images: 1,
    timeMs: 1,
    loss: 1,
    top1: 1,
    top5: 1,
    lr: 1,
    imagesPerSecond: 1,
    dataWaitMs: 1,
  }));

const curveOf = async (id: string) => {
  const series = new Series();
  const bad = await openRunStore(name).readCurve(id, series);
  return { steps: [...series.column('step')], bad };
};

/** The store as the first version made it, with one run. */
function openFirstVersion(): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(name, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore('runs', { keyPath: 'id' });
      asked.result.createObjectStore('curves', { keyPath: ['run', 'part'] });
    };
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => {
      const change = asked.result.transaction('runs', 'readwrite');
      change.objectStore('runs').put(run);
      change.oncomplete = () => {
        asked.result.close();
        resolve();
      };
    };
  });
}

/** Writes whatever a test wants into the store that is there. */
async function put(store: 'runs' | 'curves', value: object): Promise<void> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const asked = indexedDB.open(name);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  await new Promise((resolve, reject) => {
    const change = db.transaction(store, 'readwrite');
    change.objectStore(store).put(value);
    change.oncomplete = resolve;
    change.onerror = () => reject(change.error);
  });
  db.close();
}

it('opens a store of the first version with its runs, keeps predictions with them and removes them with them', async () => {
  await openFirstVersion();
  const store = openRunStore(name);
  expect(await store.runs()).toEqual({ runs: [run], problems: [] });
  expect(await store.predictions('a')).toBeUndefined();
  await store.savePredictions('a', { ...predictions, step: 0 });
  await store.savePredictions('a', predictions);
  expect(await store.predictions('a')).toEqual(predictions);
  await store.remove('a');
  expect(await store.runs()).toEqual({ runs: [], problems: [] });
  expect(await store.predictions('a')).toBeUndefined();
});

it('numbers runs of several tabs without giving a number twice', async () => {
  const [one, other] = [openRunStore(name), openRunStore(name)];
  const make = (number: number): Run => ({ ...run, id: `run-${number}`, number });
  const added = await Promise.all([one.add(0, make), other.add(0, make), one.add(0, make), other.add(7, make)]);
  expect(new Set(added.map(({ number }) => number)).size).toBe(4);
  expect((await one.runs()).runs).toHaveLength(4);
  expect((await one.add(0, make)).number).toBe(8);
});

it('changes the fields that are given, and none of a run that is not there any more', async () => {
  const [one, other] = [openRunStore(name), openRunStore(name)];
  await one.insert({ ...run, state: 'running' });
  await Promise.all([one.update('a', { state: 'finished' }), other.update('a', { hidden: true })]);
  expect(await one.run('a')).toMatchObject({ state: 'finished', hidden: true });
  const series = new Series();
  series.append(steps(1, 3));
  await one.saveCurve('a', series);
  await other.remove('a');
  expect(await one.update('a', { hidden: false })).toBe(false);
  series.append(steps(4, 6));
  await one.saveCurve('a', series);
  await one.savePredictions('a', predictions);
  expect((await one.runs()).runs).toEqual([]);
  expect((await curveOf('a')).steps).toEqual([]);
  expect(await one.predictions('a')).toBeUndefined();
});

it('brings a removed run back whole, and appends to its curve', async () => {
  const store = openRunStore(name);
  await store.insert(run);
  const series = new Series();
  series.append(steps(1, 3));
  await store.saveCurve('a', series);
  await store.savePredictions('a', predictions);
  const removed = await store.remove('a');
  expect((await store.runs()).runs).toEqual([]);
  if (removed) await store.restore(removed);
  series.append(steps(4, 5));
  await store.saveCurve('a', series);
  expect((await store.runs()).runs).toEqual([run]);
  expect((await curveOf('a')).steps).toEqual([1, 2, 3, 4, 5]);
  expect(await store.predictions('a')).toEqual(predictions);
});

it('stores what a failed write has left out with the next one: no hole, nothing twice', async () => {
  const store = openRunStore(name);
  await store.insert(run);
  const series = new Series();
  series.append(steps(1, 80));
  await store.saveCurve('a', series);
  const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('Quota exceeded', 'QuotaExceededError');
  });
  series.append(steps(81, 300));
  await expect(store.saveCurve('a', series)).rejects.toThrow('is full');
  series.append(steps(301, 480));
  await expect(store.saveCurve('a', series)).rejects.toThrow('is full');
  full.mockRestore();
  series.append(steps(481, 500));
  await Promise.all([store.saveCurve('a', series), store.saveCurve('a', series)]);
  expect((await curveOf('a')).steps).toEqual(steps(1, 500).map(({ step }) => step));
});

it('lets another tab follow a curve as it grows', async () => {
  const [one, other] = [openRunStore(name), openRunStore(name)];
  await one.insert(run);
  const [written, read] = [new Series(), new Series()];
  for (const [from, to] of [
    [1, 3],
    [4, 9],
  ] as const) {
    written.append(steps(from, to));
    await one.saveCurve('a', written);
    await other.readCurve('a', read);
    expect(read.length).toBe(to);
  }
});

it('leaves damaged parts of curves out and counts them, and reads the others', async () => {
  const store = openRunStore(name);
  await store.insert(run);
  const series = new Series();
  series.append(steps(1, 2));
  await store.saveCurve('a', series);
  const part = new Series();
  part.append(steps(3, 4));
  const columns = part.chunkFrom(0);
  const damaged: object[] = [
    { steps: { ...columns, images: new Float64Array(9) }, evaluations: [] },
    { steps: { ...columns, loss: undefined }, evaluations: [] },
    { steps: { ...columns, step: Float64Array.of(3, 1) }, evaluations: [] },
    { steps: columns, evaluations: [{ step: 'four' }] },
    { steps: null },
  ];
  for (const [i, one] of damaged.entries()) await put('curves', { run: 'a', part: i + 1, ...one });
  await put('curves', { run: 'a', part: 9, steps: columns, evaluations: [] });
  expect(await curveOf('a')).toEqual({ steps: [1, 2, 3, 4], bad: 5 });
});

it('reads the runs beside a record that it can not read, and leaves that where it is', async () => {
  const store = openRunStore(name);
  await store.insert(run);
  await put('runs', { id: 'x', number: 'first' });
  const { runs, problems } = await store.runs();
  expect(runs).toEqual([run]);
  expect(problems).toHaveLength(1);
  expect(await store.update('x', { hidden: true })).toBe(true);
});
