/** Where the tuner's choices outlive a session: IndexedDB, by adapter and by the kernels' own version. */
import type { DBSchema } from 'idb';
import { openDatabase } from '../../platform/database';

interface Schema extends DBSchema {
  /** By adapter. Another version may have written anything. */
  choices: { key: string; value: unknown };
}

const database = openDatabase<Schema>('tricklab-tuner', {
  version: 1,
  upgrade: (db) => void db.createObjectStore('choices'),
});

const isChoice = (value: unknown): value is [string, string] =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');

/** Choices kept for an adapter; none where there is no IndexedDB or what is there is not ours. */
export async function readChoices(adapter: string): Promise<[string, string][]> {
  try {
    const kept = await database.use((db) => db.get('choices', adapter));
    return Array.isArray(kept) ? kept.filter(isChoice) : [];
  } catch {
    // A private window may refuse storage: the device is then measured again.
    return [];
  }
}

export async function keepChoices(adapter: string, choices: ReadonlyMap<string, string>): Promise<void> {
  try {
    await database.use((db) => db.put('choices', [...choices], adapter));
  } catch {
    // As above.
  }
}
