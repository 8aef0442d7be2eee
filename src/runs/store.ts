/**
 * Runs and their curves in IndexedDB, shared by all tabs. A curve is a list of parts, appended while the run goes on and never
 * rewritten. A record is changed by its fields, in one transaction: what another tab wrote of the others stays, and what
 * another tab deleted stays deleted.
 */
import type { DBSchema } from 'idb';
import type { Predictions } from '../core/results';
import { openDatabase } from '../platform/database';
import type { Run } from './run';
import type { Series } from './series';
import { readPart, readPredictions, readRun } from './stored';

interface Schema extends DBSchema {
  /** As written by this version or another: to be read by readRun. */
  runs: { key: string; value: object };
  curves: { key: [string, number]; value: object };
  /** By run: what its last validation said of each image. */
  predictions: { key: string; value: Predictions };
}

export interface StoredRuns {
  /** Oldest first. */
  runs: Run[];
  /** What can't be read stays stored: the end of a sentence for each. */
  problems: string[];
}

/** A run as it was removed, to be put back. */
export interface Removed {
  id: string;
  record: object;
  parts: object[];
  predictions: Predictions | undefined;
}

export interface RunStore {
  runs(): Promise<StoredRuns>;
  /** A run as it is stored now; undefined if it is not, or can't be read. */
  run(id: string): Promise<Run | undefined>;
  /** Stores a new run under the first number that no run has had, from `least` on. */
  add(least: number, make: (number: number) => Run): Promise<Run>;
  /** Stores a run that has its number already, without a curve: the next saveCurve() stores all of it. */
  insert(run: Run): Promise<void>;
  /** Changes fields of a stored run; false if it is not stored (any more), and then nothing is written. */
  update(id: string, change: Partial<Run>): Promise<boolean>;
  /**
   * Appends what a series gained since the last call for this run; nothing if the run is not stored. What could not be written
   * is written by the next call.
   */
  saveCurve(id: string, series: Series): Promise<void>;
  /** Appends to a series what was stored since it was read; resolves to the number of parts that can't be read. */
  readCurve(id: string, series: Series): Promise<number>;
  /** Keeps the predictions of a run in place of earlier ones. */
  savePredictions(id: string, predictions: Predictions): Promise<void>;
  predictions(id: string): Promise<Predictions | undefined>;
  /** Removes a run with all that belongs to it, and resolves to what that was; undefined if there was nothing. */
  remove(id: string): Promise<Removed | undefined>;
  restore(removed: Removed): Promise<void>;
}

/** How much of a series is stored: updates, evaluations, and the number of the next part. */
interface Mark {
  steps: number;
  evaluations: number;
  part: number;
}

const ALL = ['runs', 'curves', 'predictions'] as const;

/** The store of this name, opened at its first use. Every call rejects with a sentence where the browser refuses. */
export function openRunStore(name = 'tricklab'): RunStore {
  const database = openDatabase<Schema>(name, {
    version: 2,
    upgrade(db) {
      if (!db.objectStoreNames.contains('runs')) db.createObjectStore('runs', { keyPath: 'id' });
      if (!db.objectStoreNames.contains('curves')) db.createObjectStore('curves', { keyPath: ['run', 'part'] });
      if (!db.objectStoreNames.contains('predictions')) db.createObjectStore('predictions');
    },
  });
  const partsFrom = (id: string, part = 0) => IDBKeyRange.bound([id, part], [id, Number.MAX_SAFE_INTEGER]);
  const marks = new Map<string, Mark>();
  const markOf = (id: string): Mark => marks.get(id) ?? { steps: 0, evaluations: 0, part: 0 };
  /** The last write of each curve: the next one waits for it. */
  const writing = new Map<string, Promise<void>>();

  async function appendPart(id: string, series: Series): Promise<void> {
    const from = markOf(id);
    const to = { steps: series.length, evaluations: series.evaluations.length, part: from.part + 1 };
    if (to.steps === from.steps && to.evaluations === from.evaluations) return;
    const part = {
      run: id,
      part: from.part,
      steps: series.chunkFrom(from.steps),
      evaluations: series.evaluations.slice(from.evaluations),
    };
    await database.use(async (db) => {
      const change = db.transaction(['runs', 'curves'], 'readwrite');
      const known = (await change.objectStore('runs').getKey(id)) !== undefined;
      await Promise.all([known && change.objectStore('curves').put(part), change.done]);
      // Marked after the write: one that failed is made again, with what came since.
      if (known) marks.set(id, to);
    });
  }

  return {
    runs: () =>
      database.use(async (db) => {
        const read = (await db.getAll('runs')).map(readRun);
        return {
          runs: read.flatMap(({ run }) => run ?? []).sort((a, b) => a.number - b.number),
          problems: read.flatMap(({ problem }) => problem ?? []),
        };
      }),
    run: (id) => database.use(async (db) => readRun(await db.get('runs', id)).run),
    add: (least, make) =>
      database.use(async (db) => {
        const change = db.transaction('runs', 'readwrite');
        const numbers = (await change.store.getAll()).map((record) => Number((record as Partial<Run>).number));
        const run = make(numbers.reduce((most, number) => (number >= most ? number + 1 : most), least));
        await Promise.all([change.store.put(run), change.done]);
        return run;
      }),
    insert: (run) =>
      database.use(async (db) => {
        const change = db.transaction(['runs', 'curves'], 'readwrite');
        await Promise.all([
          change.objectStore('runs').put(run),
          change.objectStore('curves').delete(partsFrom(run.id)),
          change.done,
        ]);
        marks.delete(run.id);
      }),
    update: (id, fields) =>
      database.use(async (db) => {
        const change = db.transaction('runs', 'readwrite');
        const record = await change.store.get(id);
        await Promise.all([record && change.store.put({ ...record, ...fields }), change.done]);
        return record !== undefined;
      }),
    saveCurve(id, series) {
      const before = writing.get(id) ?? Promise.resolve();
      const mine = before.catch(() => undefined).then(() => appendPart(id, series));
      writing.set(id, mine);
      return mine;
    },
    readCurve: (id, series) =>
      database.use(async (db) => {
        // A series that is empty was never read, or was given up.
        const empty = series.length === 0 && series.evaluations.length === 0;
        const mark = { steps: 0, evaluations: 0, part: empty ? 0 : markOf(id).part };
        let bad = 0;
        for (const stored of await db.getAll('curves', partsFrom(id, mark.part))) {
          mark.part = Number((stored as { part: unknown }).part) + 1;
          const part = readPart(stored, series.last('step') ?? 0);
          if (!part) {
            bad++;
            continue;
          }
          series.appendChunk(part.steps);
          for (const metrics of part.evaluations) series.evaluate(metrics);
        }
        marks.set(id, { ...mark, steps: series.length, evaluations: series.evaluations.length });
        return bad;
      }),
    savePredictions: (id, predictions) =>
      database.use(async (db) => {
        const change = db.transaction(['runs', 'predictions'], 'readwrite');
        const known = (await change.objectStore('runs').getKey(id)) !== undefined;
        await Promise.all([known && change.objectStore('predictions').put(predictions, id), change.done]);
      }),
    predictions: (id) => database.use(async (db) => readPredictions(await db.get('predictions', id))),
    remove: (id) =>
      database.use(async (db) => {
        const change = db.transaction(ALL, 'readwrite');
        const [runs, curves] = [change.objectStore('runs'), change.objectStore('curves')];
        const predictions = change.objectStore('predictions');
        // All asked for at once, in this order: a page that is left in the next moment has deleted the run.
        const asked = Promise.all([
          runs.get(id),
          curves.getAll(partsFrom(id)),
          predictions.get(id),
          runs.delete(id),
          curves.delete(partsFrom(id)),
          predictions.delete(id),
          change.done,
        ]);
        change.commit();
        const [record, parts, answers] = await asked;
        return record && { id, record, parts, predictions: answers };
      }),
    restore: ({ id, record, parts, predictions }) =>
      database.use(async (db) => {
        const change = db.transaction(ALL, 'readwrite');
        await Promise.all([
          change.objectStore('runs').put(record),
          ...parts.map((part) => change.objectStore('curves').put(part)),
          predictions && change.objectStore('predictions').put(predictions, id),
          change.done,
        ]);
      }),
  };
}
