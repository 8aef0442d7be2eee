import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ImageOp } from '../../../src/catalog/define';
import { tricks } from '../../../src/catalog/tricks';
import { placeOf } from '../../support/sample-context';

const GREY = [0.5, 0.5, 0.5] as const;

function ops(
  id: string,
  options: Record<string, number>,
  place: { seed: number; width: number; height: number; size: number },
): ImageOp[] {
  const trick = tricks.find((candidate) => candidate.id === id);
  const context = { ...placeOf(id, place.seed), ...place, mean: GREY, std: GREY };
  return trick?.sample?.(trick.options.parse(options), context) ?? [];
}

const places = fc.record({
  seed: fc.nat(),
  width: fc.integer({ min: 1, max: 300 }),
  height: fc.integer({ min: 1, max: 300 }),
  size: fc.integer({ min: 8, max: 64 }),
});

test('a resized crop lies in the image and goes to size x size', () => {
  fc.assert(
    fc.property(places, (place) => {
      const [op, ...more] = ops('random-resized-crop', {}, place);
      expect(more).toEqual([]);
      if (op?.op !== 'resized-crop') throw new Error('One resized crop.');
      expect(Math.min(op.x, op.y)).toBeGreaterThanOrEqual(0);
      expect(Math.min(op.width, op.height)).toBeGreaterThanOrEqual(1);
      expect(op.x + op.width).toBeLessThanOrEqual(place.width);
      expect(op.y + op.height).toBeLessThanOrEqual(place.height);
      expect([op.toWidth, op.toHeight]).toEqual([place.size, place.size]);
    }),
    { numRuns: 500 },
  );
});

test('areas spread from the smallest to the whole, ratios from 3/4 to 4/3', () => {
  const crops = Array.from({ length: 3000 }, (_, seed) => {
    const [op] = ops('random-resized-crop', {}, { seed, width: 1000, height: 1000, size: 28 });
    if (op?.op !== 'resized-crop') throw new Error('One resized crop.');
    return { area: (op.width * op.height) / 1e6, logRatio: Math.log(op.width / op.height) };
  });
  const areas = crops.map(({ area }) => area);
  const ratios = crops.map(({ logRatio }) => logRatio);
  // Rounding to whole pixels moves an edge of 300 px or more by half a pixel at most.
  expect(Math.min(...areas)).toBeGreaterThan(0.0795);
  expect(Math.min(...areas)).toBeLessThan(0.09);
  expect(Math.max(...areas)).toBeGreaterThan(0.95);
  expect(Math.max(...ratios)).toBeLessThan(Math.log(4 / 3) + 0.005);
  expect(Math.min(...ratios)).toBeGreaterThan(Math.log(3 / 4) - 0.005);
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  // Uniform log-ratio: mean 0, standard error .166 / sqrt(3000) = .003.
  expect(Math.abs(mean(ratios))).toBeLessThan(0.015);
  // Uniform areas would have the mean .54; those that do not fit are drawn again, which takes some of the largest.
  expect(mean(areas)).toBeGreaterThan(0.48);
  expect(mean(areas)).toBeLessThan(0.54);
});

test('an image too long for ten tries falls back to the centre at the last allowed ratio', () => {
  const centre = (width: number, height: number) =>
    ops('random-resized-crop', { minArea: 1 }, { seed: 1, width, height, size: 32 })[0];
  expect(centre(300, 30)).toMatchObject({ x: 130, y: 0, width: 40, height: 30 });
  expect(centre(30, 300)).toMatchObject({ x: 0, y: 130, width: 30, height: 40 });
});

test('a padded crop shifts by up to the padding, each shift as often as the others', () => {
  const shifts = new Map<number, number>();
  for (let seed = 0; seed < 4500; seed++) {
    const found = ops('padded-crop', { padding: 4 }, { seed, width: 28, height: 28, size: 28 });
    expect(found).toHaveLength(1);
    const [op] = found;
    if (op?.op !== 'crop') throw new Error('One crop.');
    expect([op.width, op.height]).toEqual([28, 28]);
    shifts.set(op.x, (shifts.get(op.x) ?? 0) + 1);
  }
  expect([...shifts.keys()].sort((a, b) => a - b)).toEqual([-4, -3, -2, -1, 0, 1, 2, 3, 4]);
  // 500 of each; five standard deviations are 105.
  for (const count of shifts.values()) expect(Math.abs(count - 500)).toBeLessThan(105);
});

test('a padded crop of a larger image takes its centre square first', () => {
  const [resize, crop] = ops('padded-crop', {}, { seed: 3, width: 80, height: 64, size: 32 });
  expect(resize).toEqual({ op: 'resized-crop', x: 8, y: 0, width: 64, height: 64, toWidth: 32, toHeight: 32 });
  expect(crop).toMatchObject({ op: 'crop', width: 32, height: 32 });
});

test('flip flips half of the images, none or all', () => {
  const count = (p: number) =>
    Array.from({ length: 2000 }, (_, seed) => ops('flip', { p }, { seed, width: 8, height: 8, size: 8 }).length).reduce(
      (a, b) => a + b,
      0,
    );
  expect(count(0)).toBe(0);
  expect(count(1)).toBe(2000);
  // Five standard deviations of a fair coin are 112.
  expect(Math.abs(count(0.5) - 1000)).toBeLessThan(112);
});

test('color jitter draws factors in range, in every order, and hue only on request', () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    const found = ops('color-jitter', {}, { seed, width: 8, height: 8, size: 8 });
    orders.add(found.map(({ op }) => op).join());
    for (const op of found) {
      if (!('factor' in op)) throw new Error('Three factors.');
      expect(op.factor >= 0.6 && op.factor <= 1.4).toBe(true);
    }
  }
  expect(orders.size).toBe(6);
  const withHue = ops('color-jitter', { hue: 0.1, brightness: 0 }, { seed: 1, width: 8, height: 8, size: 8 });
  expect(withHue.map(({ op }) => op).sort()).toEqual(['contrast', 'hue', 'saturation']);
  const hue = withHue.find((op) => op.op === 'hue');
  expect(Math.abs(hue && 'shift' in hue ? hue.shift : 1)).toBeLessThanOrEqual(0.1);
});
