import { describe, expect, test } from 'vitest';
import type { Batch } from '../../../src/data/types';
import { gatherPredictions } from '../../../src/trainer/predictions';

const classes = ['a', 'b'];
/** Image number n has the key kn, the label n % 2 and the logits n, -n. */
const batchOf = (index: number, images: number[]): Batch => ({
  pixels: new Uint8Array(0),
  labels: Int32Array.from(images, (n) => n % 2),
  count: images.length,
  keys: images.map((n) => `k${n}`),
  index,
});
const logitsOf = (images: number[]) => Float32Array.from(images.flatMap((n) => [n, -n]));

function gathered(samples: number, batches: Batch[], most?: number) {
  const gathering = gatherPredictions({
    split: 'validation',
    classes,
    samples,
    batchSize: 4,
    ...(most !== undefined && { most }),
  });
  for (const batch of batches) gathering.onLogits(logitsOf(batch.keys.map((key) => Number(key.slice(1)))), batch);
  return gathering.result(7);
}

describe('predictions gathered over a validation', () => {
  test('stand in the order of the validation, whatever order their batches came in', () => {
    const found = gathered(6, [batchOf(1, [4, 5]), batchOf(0, [0, 1, 2, 3])]);
    expect(found).toMatchObject({ step: 7, split: 'validation', images: 6 });
    expect(found.keys).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5']);
    expect([...found.labels]).toEqual([0, 1, 0, 1, 0, 1]);
    expect(found.logits).toEqual(logitsOf([0, 1, 2, 3, 4, 5]));
    expect([...found.places]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('leave out what the loader left out', () => {
    const found = gathered(6, [batchOf(0, [0, 1, 3]), batchOf(1, [4, 5])]);
    expect(found.images).toBe(5);
    expect(found.keys).toEqual(['k0', 'k1', 'k3', 'k4', 'k5']);
    expect(found.logits).toEqual(logitsOf([0, 1, 3, 4, 5]));
  });

  test('are a fixed choice of images where all would be too many', () => {
    const images = Array.from({ length: 100 }, (_, n) => n);
    const batches = Array.from({ length: 25 }, (_, i) => batchOf(i, images.slice(4 * i, 4 * i + 4)));
    const found = gathered(100, batches, 20);
    expect(found.images).toBe(100);
    expect(found.keys).toHaveLength(10);
    expect(found.keys).toEqual([...found.places].map((place) => `k${place}`));
    expect(found.logits).toEqual(logitsOf([...found.places]));
    expect(gathered(100, batches.toReversed(), 20)).toEqual(found);
    // Spread over the split, not its beginning.
    expect(found.places.at(-1)).toBeGreaterThan(50);
  });
});
