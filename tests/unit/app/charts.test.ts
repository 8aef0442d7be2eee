import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { axisTicks, coveringTicks, placeText, roundTicks } from '../../../src/app/charts/axis';

describe('ticks of the horizontal axis', () => {
  test.each([
    [400, [0, 100, 200, 300, 400]],
    [4685, [0, 1000, 2000, 3000, 4000]],
    [250, [0, 50, 100, 150, 200, 250]],
    [0.6, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]],
    [1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, [0]],
  ])('an axis to %d has round places', (end, ticks) => {
    expect(roundTicks(end, 6)).toEqual(ticks);
  });

  test('whatever the end: no more than asked for, evenly spaced, none beyond the end', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (end) => {
        const ticks = roundTicks(end, 6);
        const step = ticks[1] ?? end;
        expect(ticks.length).toBeLessThanOrEqual(7);
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        for (const [i, tick] of ticks.entries()) expect(tick / step).toBeCloseTo(i, 6);
        expect(ticks.at(-1) ?? 0).toBeLessThanOrEqual(end * (1 + 1e-8));
      }),
    );
  });

  test.each([
    [3.4, [0, 1, 2, 3, 4]],
    [2.3, [0, 0.5, 1, 1.5, 2, 2.5]],
    [1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, [0, 1]],
  ])('a vertical axis covers %d', (largest, ticks) => {
    expect(coveringTicks(largest, 5)).toEqual(ticks);
  });

  test('time is told in the unit that fits', () => {
    const labels = (end: number) => {
      const { ticks, label } = axisTicks('time', end);
      return ticks.map(label);
    };
    expect(labels(90)).toEqual(['0', '20 s', '40 s', '60 s', '80 s']);
    expect(labels(600)).toEqual(['0', '2 min', '4 min', '6 min', '8 min', '10 min']);
    expect(labels(4 * 3600)).toEqual(['0', '1 h', '2 h', '3 h', '4 h']);
  });

  test('large counts are short, and a place names its axis', () => {
    const { label } = axisTicks('images', 300_000);
    expect([label(0), label(5000), label(150_000)]).toEqual(['0', '5,000', '150 k']);
    expect([placeText('step', 1234), placeText('epoch', 1.5), placeText('time', 75)]).toEqual([
      'update 1,234',
      'epoch 1.50',
      '75.0 s',
    ]);
  });
});
