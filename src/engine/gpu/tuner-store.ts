/** Where the tuner's choices outlive a session: IndexedDB, by adapter and by the kernels' own version. */
import { openDB } from 'idb';

const DATABASE = 'tricklab-tuner';
const STORE = 'choices';

const open = () =>
  openDB(DATABASE, 1, {
    upgrade: (database) => {
      database.createObjectStore(STORE);
    },
  });

const isChoice = (value: unknown): value is [string, string] =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');

/** Choices kept for an adapter; none where there is no IndexedDB or what is there is not ours. */
export async function readChoices(adapter: string): Promise<[string, string][]> {
  try {
    const database = await open();
    const kept: unknown = await database.get(STORE, adapter);
    database.close();
    return Array.isArray(kept) ? kept.filter(isChoice) : [];
  } catch {
    // A private window may refuse storage: the device is then measured again.
    return [];
  }
}

export async function keepChoices(adapter: string, choices: ReadonlyMap<string, string>): Promise<void> {
  try {
    const database = await open();
    await database.put(STORE, [...choices], adapter);
    database.close();
  } catch {
    // As above.
  }
}
