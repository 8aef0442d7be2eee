/** Kept weights in IndexedDB: they come back as they were, the least used makes room, and nothing is lost when one is refused. */
import { deleteDB } from 'idb';
import { afterEach, expect, it } from 'vitest';
import { type Checkpoint, openCheckpointStore } from '../../../src/runs/checkpoints';

const name = 'tricklab-weights-test';
afterEach(() => deleteDB(name));

const MOST = 100;

const checkpoint = (id: string, bytes: number, used: number): Checkpoint => ({
  id,
  name: id,
  source: 'run',
  model: 'resnet50-vd',
  options: {},
  classes: 10,
  size: 28,
  bytes,
  created: used,
  used,
});

const file = (bytes: number, value: number) => new Uint8Array(bytes).fill(value).buffer;

it('gives weights back as they were, also after it was opened anew', async () => {
  const store = openCheckpointStore(name, MOST);
  expect(await store.keep(checkpoint('a', 40, 1), file(40, 7))).toEqual([]);
  expect(await store.keep(checkpoint('b', 40, 2), file(40, 8))).toEqual([]);
  const again = openCheckpointStore(name, MOST);
  expect((await again.list()).checkpoints.map(({ id }) => id)).toEqual(['b', 'a']);
  expect(await again.weights('a')).toEqual(file(40, 7));
  expect(await again.weights('c')).toBeUndefined();
  await again.remove('a');
  expect(await store.weights('a')).toBeUndefined();
  expect((await store.list()).checkpoints.map(({ id }) => id)).toEqual(['b']);
});

it('lets what was not used for longest go, and says what', async () => {
  const store = openCheckpointStore(name, MOST);
  await store.keep(checkpoint('a', 40, 1), file(40, 1));
  await store.keep(checkpoint('b', 40, 2), file(40, 2));
  // Reading is using.
  await store.weights('a');
  expect((await store.keep(checkpoint('c', 40, 3), file(40, 3))).map(({ id }) => id)).toEqual(['b']);
  expect((await store.list()).checkpoints.map(({ id }) => id)).toEqual(['c', 'a']);
  expect(await store.weights('b')).toBeUndefined();
  // The same one again replaces itself.
  expect(await store.keep(checkpoint('c', 60, 4), file(60, 4))).toEqual([]);
  expect(await store.weights('c')).toEqual(file(60, 4));
});

it('refuses what is larger than all its room, and keeps the rest', async () => {
  const store = openCheckpointStore(name, MOST);
  await store.keep(checkpoint('a', 40, 1), file(40, 1));
  await expect(store.keep(checkpoint('b', 101, 2), file(101, 2))).rejects.toThrow('larger than all the room');
  expect((await store.list()).checkpoints.map(({ id }) => id)).toEqual(['a']);
});

it('sets what it can not read aside, and keeps it', async () => {
  const store = openCheckpointStore(name, MOST);
  await store.keep(checkpoint('a', 40, 1), file(40, 1));
  await store.keep({ ...checkpoint('b', 40, 2), model: 'vit' }, file(40, 2));
  const { checkpoints, unreadable } = await store.list();
  expect(checkpoints.map(({ id }) => id)).toEqual(['a']);
  expect(unreadable).toBe(1);
  expect(await store.weights('b')).toEqual(file(40, 2));
});
