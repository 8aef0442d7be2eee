import { expect, test } from 'vitest';
import { momentOf } from '../../../src/core/moment';

test('the micro-batches of an update share it, and the last of an epoch may be of fewer', () => {
  // Five micro-batches in an epoch, two to an update: updates of two, two and one.
  const run = { updatesPerEpoch: 3, totalUpdates: 6 };
  const updates = [0, 1].map((epoch) =>
    [0, 1, 2, 3, 4].map((microBatch) => momentOf(run, 2, { epoch, microBatch }).update),
  );
  expect(updates).toEqual([
    [0, 0, 1, 1, 2],
    [3, 3, 4, 4, 5],
  ]);
});

test('progress is the share of updates that are done: 0 at the first, short of 1 at the last', () => {
  const run = { updatesPerEpoch: 4, totalUpdates: 10 };
  const first = momentOf(run, 1, { epoch: 0, microBatch: 0 });
  expect(first).toEqual({ epoch: 0, microBatch: 0, update: 0, progress: 0, totalEpochs: 2.5, totalUpdates: 10 });
  expect(momentOf(run, 1, { epoch: 1, microBatch: 1 }).progress).toBe(0.5);
  expect(momentOf(run, 1, { epoch: 2, microBatch: 1 })).toMatchObject({ update: 9, progress: 0.9 });
  // A preview may look beyond the end.
  expect(momentOf(run, 1, { epoch: 7, microBatch: 0 })).toMatchObject({ update: 28, progress: 1 });
});
