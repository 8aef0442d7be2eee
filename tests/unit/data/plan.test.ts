import { describe, expect, it } from 'vitest';
import { tricks } from '../../../src/catalog/tricks';
import { sizeAfter } from '../../../src/data/augment';
import { planSample } from '../../../src/data/plan';

const options = Object.fromEntries(
  tricks.map((trick) => [trick.id, trick.options.parse({}) as Record<string, number>]),
);
const sampleTricks = tricks.filter((trick) => trick.sample).map(({ id }) => id);
const recipe = (...on: string[]) => ({ size: 32, on: Object.fromEntries(on.map((id) => [id, true])), options });

describe('the plan of a sample', () => {
  it('is the evaluation preprocessing when no trick is on', () => {
    expect(planSample(recipe(), 1, 0, 0, 32, 32)).toEqual([]);
    expect(planSample(recipe(), 1, 0, 0, 48, 48).map(({ op }) => op)).toEqual(['resized-crop', 'crop']);
  });

  for (const id of sampleTricks) {
    it(`with ${id} ends at the input size, and depends on seed, epoch and sample alone`, () => {
      for (const [width, height] of [
        [32, 32],
        [96, 128],
        [28, 28],
        [40, 20],
      ] as const) {
        const plan = (seed: number, epoch: number, sample: number) =>
          JSON.stringify(planSample(recipe(id), seed, epoch, sample, width, height));
        const ops = JSON.parse(plan(5, 2, 77));
        expect(sizeAfter(width, height, ops)).toEqual({ width: 32, height: 32 });
        expect(plan(5, 2, 77)).toBe(plan(5, 2, 77));
        const many = (of: (i: number) => string) => new Set(Array.from({ length: 40 }, (_, i) => of(i))).size;
        expect(many((i) => plan(i, 2, 77))).toBeGreaterThan(1);
        expect(many((i) => plan(5, i, 77))).toBeGreaterThan(1);
        expect(many((i) => plan(5, 2, i))).toBeGreaterThan(1);
      }
    });
  }

  it("does not change one trick's numbers when another is switched on", () => {
    const alone = planSample(recipe('color-jitter'), 3, 1, 9, 32, 32);
    const both = planSample(recipe('color-jitter', 'padded-crop'), 3, 1, 9, 32, 32);
    expect(both.filter(({ op }) => op !== 'crop')).toEqual(alone);
  });
});
