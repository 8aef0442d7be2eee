/**
 * Weights that this browser keeps, in a database of their own: what is known of them apart from their bytes, so that a list of
 * them reads none. What was not used for longest goes when there is no room.
 */
import type { DBSchema } from 'idb';
import { z } from 'zod';
import type { OptionValues } from '../catalog/define';
import { models } from '../catalog/models';
import type { NetworkDescription } from '../experiment/weights-fit';
import { openDatabase } from '../platform/database';

export interface Checkpoint extends NetworkDescription {
  /** Of the run that trained them, or of the import. What a teacher is named by. */
  id: string;
  /** For a person. */
  name: string;
  /** Of a run, with which it goes; or of a file that a person brought. */
  source: 'run' | 'file';
  /** On validation images, in [0, 1], where that was measured. */
  top1?: number;
  bytes: number;
  /** Milliseconds since 1970. */
  created: number;
  used: number;
}

interface Schema extends DBSchema {
  /** As written by this version or another: to be read by readCheckpoint. */
  checkpoints: { key: string; value: object };
  weights: { key: string; value: ArrayBuffer };
}

export interface CheckpointStore {
  /** Newest first, and how many can't be read; those stay stored. */
  list(): Promise<{ checkpoints: Checkpoint[]; unreadable: number }>;
  /** Keeps weights and resolves to what had to go for them. Rejects, with nothing changed, if they are too large for any room. */
  keep(checkpoint: Checkpoint, weights: ArrayBuffer): Promise<Checkpoint[]>;
  /** The safetensors file, which counts as used now; undefined if it is not kept. */
  weights(id: string): Promise<ArrayBuffer | undefined>;
  remove(id: string): Promise<void>;
}

/** Bytes of all weights together: ten ResNet-50s. */
const MOST_BYTES = 1e9;

/** What must go to make room for more bytes: what was not used for longest first. */
export function surplus(kept: readonly Checkpoint[], bytes: number, most: number): Checkpoint[] {
  let total = kept.reduce((sum, checkpoint) => sum + checkpoint.bytes, bytes);
  return kept
    .toSorted((a, b) => a.used - b.used)
    .filter((checkpoint) => {
      if (total <= most) return false;
      total -= checkpoint.bytes;
      return true;
    });
}

const count = z.number().nonnegative();
const record = z.object({
  id: z.string().min(1).max(200),
  name: z.string().max(200),
  source: z.enum(['run', 'file']),
  top1: count.optional(),
  bytes: count,
  created: count,
  used: count,
  model: z.enum(models.map(({ id }) => id)),
  options: z.record(z.string(), z.unknown()),
  classes: count,
  size: count,
});

/** What is known of stored weights; undefined for what is not ours, or of a model that this version does not have. */
function readCheckpoint(value: unknown): Checkpoint | undefined {
  const { data } = record.safeParse(value);
  if (!data) return undefined;
  const model = models.find(({ id }) => id === data.model);
  const options = model?.options.safeParse(data.options);
  return options?.success ? ({ ...data, options: options.data as OptionValues } as Checkpoint) : undefined;
}

/** The store of this name, opened at its first use; most: bytes that it holds. Every call rejects with a sentence. */
export function openCheckpointStore(name = 'tricklab-weights', most = MOST_BYTES): CheckpointStore {
  const database = openDatabase<Schema>(name, {
    version: 1,
    upgrade(db) {
      db.createObjectStore('checkpoints', { keyPath: 'id' });
      db.createObjectStore('weights');
    },
  });
  const both = ['checkpoints', 'weights'] as const;
  return {
    list: () =>
      database.use(async (db) => {
        const stored = await db.getAll('checkpoints');
        const checkpoints = stored.flatMap((value) => readCheckpoint(value) ?? []);
        return {
          checkpoints: checkpoints.sort((a, b) => b.created - a.created),
          unreadable: stored.length - checkpoints.length,
        };
      }),
    async keep(checkpoint, weights) {
      if (checkpoint.bytes > most) throw new Error(`They are larger than all the room for weights, ${most / 1e6} MB.`);
      return database.use(async (db) => {
        // One transaction: if the browser refuses the new ones, the old ones stay.
        const change = db.transaction(both, 'readwrite');
        const [checkpoints, files] = [change.objectStore('checkpoints'), change.objectStore('weights')];
        const known = (await checkpoints.getAll()).flatMap((value) => readCheckpoint(value) ?? []);
        const gone = surplus(
          known.filter(({ id }) => id !== checkpoint.id),
          checkpoint.bytes,
          most,
        );
        await Promise.all([
          ...gone.flatMap(({ id }) => [checkpoints.delete(id), files.delete(id)]),
          checkpoints.put(checkpoint),
          files.put(weights, checkpoint.id),
          change.done,
        ]);
        return gone;
      });
    },
    weights: (id) =>
      database.use(async (db) => {
        const change = db.transaction(both, 'readwrite');
        const checkpoint = await change.objectStore('checkpoints').get(id);
        const weights = await change.objectStore('weights').get(id);
        if (checkpoint) await change.objectStore('checkpoints').put({ ...checkpoint, used: Date.now() });
        await change.done;
        return weights;
      }),
    remove: (id) =>
      database.use(async (db) => {
        const change = db.transaction(both, 'readwrite');
        await Promise.all([
          change.objectStore('checkpoints').delete(id),
          change.objectStore('weights').delete(id),
          change.done,
        ]);
      }),
  };
}
