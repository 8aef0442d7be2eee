/** Runs and their curves in IndexedDB. A curve is a list of chunks, appended while the run goes on and never rewritten. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { AdapterSummary, EvalMetrics, Predictions, RunState } from '../core/results';
import type { Experiment } from '../experiment/schema';
import { type Chunk, Series } from './series';

/** What is known at the end of a run (or now, while it runs). Shares in [0, 1]. */
export interface RunSummary {
  step: number;
  epoch: number;
  trainLoss?: number;
  validationLoss?: number;
  top1?: number;
  top5?: number;
  /** Top-1 of the moving average of the weights, where one is kept. */
  averagedTop1?: number;
  imagesPerSecond?: number;
  timeMs: number;
}

export interface Run {
  id: string;
  /** Position in the life of this browser's store, from 0; gives the first name and the colour. */
  number: number;
  name: string;
  /** Index into the palette of run colours and dash patterns. */
  color: number;
  experiment: Experiment;
  /** Milliseconds since 1970. */
  created: number;
  state: RunState;
  /** Why it failed, for a person. */
  message?: string;
  adapter?: AdapterSummary;
  parameters?: number;
  stepsPerEpoch?: number;
  totalSteps?: number;
  hidden: boolean;
  summary: RunSummary;
  /** Updates done at the validation whose predictions are kept; absent if none are. */
  predictedAt?: number;
}

interface StoredChunk {
  run: string;
  part: number;
  steps: Chunk;
  evaluations: EvalMetrics[];
}

interface Schema extends DBSchema {
  runs: { key: string; value: Run };
  curves: { key: [string, number]; value: StoredChunk };
  /** By run: what its last validation said of each image. */
  predictions: { key: string; value: Predictions };
}

export interface RunStore {
  /** All runs, oldest first. */
  runs(): Promise<Run[]>;
  save(run: Run): Promise<void>;
  /** Appends what a series gained since the last call for this run. */
  saveCurve(id: string, series: Series): Promise<void>;
  curve(id: string): Promise<Series>;
  /** Keeps the predictions of a run in place of earlier ones. */
  savePredictions(id: string, predictions: Predictions): Promise<void>;
  predictions(id: string): Promise<Predictions | undefined>;
  remove(id: string): Promise<void>;
}

/** Opens (or creates) the store. Rejects where the browser refuses IndexedDB, e.g. in some private windows. */
export async function openRunStore(name = 'tricklab'): Promise<RunStore> {
  const db: IDBPDatabase<Schema> = await openDB<Schema>(name, 2, {
    // Additive: what an earlier version stored stays.
    upgrade(database) {
      if (!database.objectStoreNames.contains('runs')) database.createObjectStore('runs', { keyPath: 'id' });
      if (!database.objectStoreNames.contains('curves')) {
        database.createObjectStore('curves', { keyPath: ['run', 'part'] });
      }
      if (!database.objectStoreNames.contains('predictions')) database.createObjectStore('predictions');
    },
  });
  const chunksOf = (id: string) => IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER]);
  /** How much of each series is stored already. */
  const stored = new Map<string, { steps: number; evaluations: number; parts: number }>();
  return {
    async runs() {
      return (await db.getAll('runs')).sort((a, b) => a.number - b.number);
    },
    async save(run) {
      await db.put('runs', run);
    },
    async saveCurve(id, series) {
      const from = stored.get(id) ?? { steps: 0, evaluations: 0, parts: 0 };
      if (series.length === from.steps && series.evaluations.length === from.evaluations) return;
      const chunk = {
        run: id,
        part: from.parts,
        steps: series.chunkFrom(from.steps),
        evaluations: series.evaluations.slice(from.evaluations),
      };
      // Marked before the write: a second call while this one is under way must not store the same steps again.
      stored.set(id, { steps: series.length, evaluations: series.evaluations.length, parts: from.parts + 1 });
      await db.put('curves', chunk);
    },
    async curve(id) {
      const series = new Series();
      const chunks = await db.getAll('curves', chunksOf(id));
      for (const chunk of chunks) {
        series.appendChunk(chunk.steps);
        for (const metrics of chunk.evaluations) series.evaluate(metrics);
      }
      stored.set(id, { steps: series.length, evaluations: series.evaluations.length, parts: chunks.length });
      return series;
    },
    async savePredictions(id, predictions) {
      await db.put('predictions', predictions, id);
    },
    predictions: (id) => db.get('predictions', id),
    async remove(id) {
      stored.delete(id);
      const change = db.transaction(['runs', 'curves', 'predictions'], 'readwrite');
      await Promise.all([
        change.objectStore('runs').delete(id),
        change.objectStore('curves').delete(chunksOf(id)),
        change.objectStore('predictions').delete(id),
        change.done,
      ]);
    },
  };
}
