import { expect, it } from 'vitest';
import type { Predictions } from '../../../src/core/results';
import { defaultExperiment } from '../../../src/experiment/schema';
import type { Run } from '../../../src/runs/run';
import { openRunStore } from '../../../src/runs/store';

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

const predictions: Predictions = {
  step: 1,
  split: 'validation',
  classes: ['a', 'b'],
  images: 2,
  logits: Float32Array.of(1, 2, 3, 4),
  labels: Int32Array.of(0, 1),
  places: Uint32Array.of(0, 1),
  keys: ['x', 'y'],
};

/** The store as the first version made it, with one run. */
function openFirstVersion(name: string): Promise<void> {
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

it('opens a store of the first version with its runs, keeps predictions with them and removes them with them', async () => {
  const name = 'tricklab-test-upgrade';
  indexedDB.deleteDatabase(name);
  await openFirstVersion(name);
  const store = await openRunStore(name);
  expect(await store.runs()).toEqual([run]);
  expect(await store.predictions('a')).toBeUndefined();
  await store.savePredictions('a', { ...predictions, step: 0 });
  await store.savePredictions('a', predictions);
  expect(await store.predictions('a')).toEqual(predictions);
  await store.remove('a');
  expect(await store.runs()).toEqual([]);
  expect(await store.predictions('a')).toBeUndefined();
});
