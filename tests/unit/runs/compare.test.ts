import { expect, test } from 'vitest';
import { compareRuns } from '../../../src/runs/compare';

const runs = (...top1: number[]) => top1.map((value) => ({ top1: value, timeMs: 1000 }));

test('a gain that every seed shows is found although the seeds differ by more', () => {
  const { gain, top1, verdict } = compareRuns(runs(0.7, 0.8, 0.9), runs(0.72, 0.82, 0.93));
  expect(verdict).toBe('helps');
  // By hand: differences .02, .02, .03; mean .02333, deviation .005774, t(2) 4.303: half width .01434.
  expect(gain.mean).toBeCloseTo(0.023333, 5);
  expect(gain.high - gain.mean).toBeCloseTo(0.014344, 4);
  expect(top1.n).toBe(3);
});

test('its mirror image hurts, and a mixed one is no evidence', () => {
  expect(compareRuns(runs(0.7, 0.8, 0.9), runs(0.6, 0.7, 0.8)).verdict).toBe('hurts');
  expect(compareRuns(runs(0.7, 0.8, 0.9), runs(0.8, 0.7, 0.91)).verdict).toBe('no evidence');
});

test('one seed is no evidence, however large the difference', () => {
  const { gain, verdict } = compareRuns(runs(0.1), runs(0.9));
  expect([gain.low, gain.high, verdict]).toEqual([gain.mean, gain.mean, 'no evidence']);
});

test('the cost is the ratio of the times', () => {
  expect(
    compareRuns(runs(0.5, 0.5), [
      { top1: 0.5, timeMs: 1500 },
      { top1: 0.5, timeMs: 2500 },
    ]).timeFactor,
  ).toBe(2);
});

test('runs without a partner are refused', () => {
  expect(() => compareRuns(runs(0.5, 0.6), runs(0.5))).toThrow('cannot be paired');
  expect(() => compareRuns([], [])).toThrow('cannot be paired');
});
