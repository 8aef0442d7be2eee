/**
 * Weights that this browser keeps, in a database of their own: what is known of them apart from their bytes, so that a list of
 * them reads none. What was not used for longest goes when there is no room.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { NetworkDescription } from '../experiment/weights-fit';

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
  checkpoints: { key: string; value: Checkpoint };
  weights: { key: string; value: ArrayBuffer };
}

export interface CheckpointStore {
  /** Newest first. */
  list(): Promise<Checkpoint[]>;
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

/** Opens (or creates) the store. Rejects where the browser refuses IndexedDB. most: bytes that it holds. */
export async function openCheckpointStore(name = 'tricklab-weights', most = MOST_BYTES): Promise<CheckpointStore> {
  const db: IDBPDatabase<Schema> = await openDB<Schema>(name, 1, {
    upgrade(database) {
      database.createObjectStore('checkpoints', { keyPath: 'id' });
      database.createObjectStore('weights');
    },
    // A newer page in another tab wants to change the database: this one must not stand in its way.
    blocking: (_current, _next, event) => (event.target as IDBDatabase).close(),
  });
  const both = ['checkpoints', 'weights'] as const;
  return {
    async list() {
      return (await db.getAll('checkpoints')).sort((a, b) => b.created - a.created);
    },
    async keep(checkpoint, weights) {
      if (checkpoint.bytes > most) throw new Error(`They are larger than all the room for weights, ${most / 1e6} MB.`);
      // One transaction: if the browser refuses the new ones, the old ones stay.
      const change = db.transaction(both, 'readwrite');
      const [checkpoints, files] = [change.objectStore('checkpoints'), change.objectStore('weights')];
      const others = (await checkpoints.getAll()).filter(({ id }) => id !== checkpoint.id);
      const gone = surplus(others, checkpoint.bytes, most);
      await Promise.all([
        ...gone.flatMap(({ id }) => [checkpoints.delete(id), files.delete(id)]),
        checkpoints.put(checkpoint),
        files.put(weights, checkpoint.id),
        change.done,
      ]);
      return gone;
    },
    async weights(id) {
      const change = db.transaction(both, 'readwrite');
      const checkpoint = await change.objectStore('checkpoints').get(id);
      const weights = await change.objectStore('weights').get(id);
      if (checkpoint) await change.objectStore('checkpoints').put({ ...checkpoint, used: Date.now() });
      await change.done;
      return weights;
    },
    async remove(id) {
      const change = db.transaction(both, 'readwrite');
      await Promise.all([
        change.objectStore('checkpoints').delete(id),
        change.objectStore('weights').delete(id),
        change.done,
      ]);
    },
  };
}
