/** The opener of every database: it gives way to a newer page, comes back when it was cut, and speaks in words. */
import { type DBSchema, deleteDB, openDB } from 'idb';
import { afterEach, expect, it } from 'vitest';
import { type Database, DatabaseBlocked, openDatabase } from '../../../src/platform/database';

interface Schema extends DBSchema {
  things: { key: string; value: string };
}

const name = 'tricklab-database-test';
const open = (version = 1): Database<Schema> =>
  openDatabase<Schema>(name, {
    version,
    upgrade(db) {
      if (!db.objectStoreNames.contains('things')) db.createObjectStore('things');
    },
  });
const put = (database: Database<Schema>, value: string) => database.use((db) => db.put('things', value, 'a'));
const get = (database: Database<Schema>) => database.use((db) => db.get('things', 'a'));
afterEach(() => deleteDB(name));

it('gives way to a newer version, which keeps what is there, and then says that the page is old', async () => {
  const old = open();
  await put(old, 'kept');
  const newer = open(2);
  expect(await get(newer)).toBe('kept');
  await expect(put(old, 'lost')).rejects.toThrow('reload this page');
  expect(await get(newer)).toBe('kept');
});

it('says at once that another tab blocks it, and works as soon as that tab has let go', async () => {
  // An older page that does not listen for newer ones.
  const deaf = await openDB<Schema>(name, 1, { upgrade: (db) => void db.createObjectStore('things') });
  const database = open(2);
  await expect(put(database, 'x')).rejects.toThrow(DatabaseBlocked);
  await expect(put(database, 'x')).rejects.toThrow('close the other Tricklab tabs');
  deaf.close();
  await expect.poll(() => put(database, 'x').catch(() => 'blocked')).toBe('a');
  expect(await get(database)).toBe('x');
});

it('opens again after its data were deleted under it', async () => {
  const database = open();
  await put(database, 'gone');
  await deleteDB(name);
  await put(database, 'new');
  expect(await get(database)).toBe('new');
});

it('opens again after its connection was closed under it', async () => {
  const database = open();
  await put(database, 'kept');
  await database.use(async (db) => db.close());
  expect(await get(database)).toBe('kept');
});

it('says what the browser refuses in words, and passes on what the work itself says', async () => {
  const database = open();
  const refuse = (error: Error) => database.use(() => Promise.reject(error));
  await expect(refuse(new DOMException('', 'QuotaExceededError'))).rejects.toThrow('is full');
  await expect(refuse(new DOMException('', 'DataCloneError'))).rejects.toThrow('DataCloneError');
  await expect(refuse(new Error('They are larger than all the room.'))).rejects.toThrow('They are larger');
});
