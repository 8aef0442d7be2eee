import { describe, expect, test } from 'vitest';
import { indexAt, pickPerBucket, smooth } from '../../../src/core/downsample';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatFactor,
  formatLoss,
  formatMilliseconds,
  formatPercent,
  formatPoints,
  formatRate,
  formatRoughDuration,
  formatShare,
} from '../../../src/core/format';
import { meanInterval, median, studentQuantile } from '../../../src/core/stats';

describe('numbers for people', () => {
  test.each([
    [formatLoss(2.0794), '2.079'],
    [formatLoss(Number.NaN), '–'],
    [formatShare(0.9126), '91.3 %'],
    [formatRate(0.1), '0.1'],
    [formatRate(1.4e-8), '1.4e-8'],
    [formatCount(4685), '4,685'],
    [formatCount(25_557_032), '25.6 M'],
    [formatCount(34_344), '34.3 k'],
    [formatCount(999_700), '1.00 M'],
    [formatBytes(23_400_000), '23 MB'],
    [formatMilliseconds(0.123), '0.12 ms'],
    [formatMilliseconds(45.67), '45.7 ms'],
    [formatMilliseconds(1234.5), '1,235 ms'],
    [formatPercent(0.314), '31 %'],
    [formatPoints(-0.5), '−0.50'],
    [formatFactor(9.36), '9.4×'],
    [formatDuration(59.7), '1 min 0 s'],
    [formatDuration(39_700), '11 h 1 min'],
    [formatRoughDuration(0.2), '1 s'],
    [formatRoughDuration(43), '45 s'],
    [formatRoughDuration(59), '1 min'],
    [formatRoughDuration(8_100), '2.3 h'],
    [formatRoughDuration(250_000), '3 d'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected);
  });
});

test('the moving average starts at the first value and follows a constant exactly', () => {
  expect([...smooth([4, 4, 4], 0.99)]).toEqual([4, 4, 4].map((v) => expect.closeTo(v, 12)));
  // Debiased: (.5 * 0 * .5 + 1 * .5) / (.25 + .5).
  expect(smooth([0, 1], 0.5)[1]).toBeCloseTo(2 / 3, 12);
});

test('buckets keep the first and the last point, and empty buckets stay empty', () => {
  const x = [0, 1, 2, 8, 9];
  const picked = pickPerBucket(x, [5, 1, 2, 3, 4], { start: 0, end: 10, count: 5 });
  expect([...picked]).toEqual([0, 2, -1, -1, 4]);
});

test('the place of a value is the last one that is not larger', () => {
  expect([indexAt([1, 3, 5], 0), indexAt([1, 3, 5], 3), indexAt([1, 3, 5], 9)]).toEqual([-1, 1, 2]);
});

test('the interval of five seeds is that of the t table', () => {
  // Mean 3, sample deviation sqrt(2.5), t(4) = 2.776: half width 1.963.
  const { mean, low, high } = meanInterval([1, 2, 3, 4, 5]);
  expect(mean).toBe(3);
  expect(high - mean).toBeCloseTo(1.963, 3);
  expect(mean - low).toBeCloseTo(1.963, 3);
  // NIST e-Handbook: t(.975, 30) = 2.042.
  expect(studentQuantile(30)).toBeCloseTo(2.042, 3);
});

test('the median of an even number of values is between the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
});
