import { describe, expect, test } from 'vitest';
import type { UpdateMetrics } from '../../../src/core/results';
import { runName } from '../../../src/runs/names';
import { buildRows, PLAN_KEY, rowKey } from '../../../src/runs/rows';
import { Series } from '../../../src/runs/series';

function step(n: number, change: Partial<UpdateMetrics> = {}): UpdateMetrics {
  return {
    step: n,
    epoch: n / 10,
    images: n * 32,
    timeMs: n * 500,
    loss: 2 / n,
    top1: 0.5,
    top5: 0.9,
    lr: 0.1,
    imagesPerSecond: 64,
    dataWaitMs: 1,
    ...change,
  };
}
const steps = (count: number, change?: (n: number) => Partial<UpdateMetrics>) =>
  Array.from({ length: count }, (_, i) => step(i + 1, change?.(i + 1)));
const options = { axis: 'step', smoothing: 0, limit: 300 } as const;

describe('a series', () => {
  test('keeps every value over its growth and gives back what was stored', () => {
    const series = new Series();
    for (let n = 1; n <= 1000; n += 7) series.append(steps(7).map((row, i) => ({ ...row, step: n + i, loss: n + i })));
    const copy = new Series();
    copy.appendChunk(series.chunkFrom(0));
    copy.append([step(5000)]);
    expect(series.length).toBe(143 * 7);
    expect([...series.column('loss')]).toEqual(Array.from({ length: 1001 }, (_, i) => i + 1));
    expect(copy.column('loss').slice(0, -1)).toEqual(series.column('loss'));
    expect(copy.last('step')).toBe(5000);
  });

  test('a chunk from the middle holds only what came after it', () => {
    const series = new Series();
    series.append(steps(10));
    expect([...series.chunkFrom(8).step]).toEqual([9, 10]);
  });
});

test('throughput counts the images of a second, so that steps that come back together make no peak', () => {
  const series = new Series();
  // Pairs of steps: the first of a pair takes a second, the second one a millisecond.
  series.append(steps(40, (n) => ({ images: n * 32, imagesPerSecond: n % 2 ? 32 : 32_000 })));
  const rates = series.throughput();
  // 64 images in 1.001 s.
  expect(Math.max(...rates.slice(2))).toBeLessThan(65);
  expect(Math.min(...rates.slice(2))).toBeGreaterThan(31);
  expect([...rates.slice(0, 2)]).toEqual([Number.NaN, Number.NaN]);
});

test('the throughput of a run that is over in less than a second is told all the same', () => {
  const series = new Series();
  series.append(steps(5, (n) => ({ images: n * 32, imagesPerSecond: n === 1 ? 4 : 320 })));
  expect(series.throughput().at(-1)).toBeCloseTo(320, 6);
});

describe('rows for charts', () => {
  test('a short run is drawn step by step, unchanged', () => {
    const series = new Series();
    series.append(steps(50));
    const rows = buildRows([{ id: 'a', series }], options);
    expect(rows.map(({ x }) => x)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(rows[9]?.[rowKey('a', 'loss')]).toBe(0.2);
  });

  test('a long run keeps its peak in at most 300 rows', () => {
    const series = new Series();
    series.append(steps(50_000, (n) => ({ loss: n === 31_415 ? 99 : 1 })));
    const rows = buildRows([{ id: 'a', series }], options);
    expect(rows.length).toBeLessThanOrEqual(300);
    expect(Math.max(...rows.map((row) => row[rowKey('a', 'loss')] ?? 0))).toBe(99);
  });

  test('runs of different speed share a time axis in seconds', () => {
    const fast = new Series();
    fast.append(steps(100));
    const slow = new Series();
    slow.append(steps(100, (n) => ({ timeMs: n * 1000 })));
    const rows = buildRows(
      [
        { id: 'fast', series: fast },
        { id: 'slow', series: slow },
      ],
      { ...options, axis: 'time' },
    );
    const lastOf = (id: string) => rows.findLast((row) => row[rowKey(id, 'loss')] !== undefined)?.x ?? 0;
    expect(lastOf('fast')).toBeCloseTo(50, 0);
    expect(lastOf('slow')).toBeCloseTo(100, 0);
  });

  test('smoothing keeps the raw curve beside the smoothed one', () => {
    const series = new Series();
    series.append(steps(20, (n) => ({ loss: n % 2 })));
    const rows = buildRows([{ id: 'a', series }], { ...options, smoothing: 0.9 });
    expect(rows.map((row) => row[rowKey('a', 'raw')])).toEqual(Array.from({ length: 20 }, (_, i) => (i + 1) % 2));
    const soft = rows.slice(10).map((row) => row[rowKey('a', 'loss')] ?? 0);
    expect(Math.max(...soft) - Math.min(...soft)).toBeLessThan(0.2);
  });

  test('validation stands at its step; the planned rate fills every step that is not trained yet', () => {
    const series = new Series();
    series.append(steps(10));
    series.evaluate({ step: 10, epoch: 1, timeMs: 5000, split: 'validation', loss: 0.7, top1: 0.6, top5: 0.9 });
    const plan = { lr: (update: number) => update / 100, updatesPerEpoch: 10, imagesPerUpdate: 32, totalUpdates: 40 };
    const rows = buildRows([{ id: 'a', series }], { ...options, plan });
    expect(rows[9]?.[rowKey('a', 'validationTop1')]).toBe(0.6);
    expect(rows.map((row) => row[PLAN_KEY])).toEqual(Array.from({ length: 40 }, (_, i) => i / 100));
  });

  test('averaged weights have a curve of their own beside the validation of the weights', () => {
    const series = new Series();
    series.append(steps(10));
    const at = { step: 10, epoch: 1, timeMs: 5000, split: 'validation', top5: 0.9 };
    series.evaluate({ ...at, loss: 0.7, top1: 0.6 });
    series.evaluate({ ...at, loss: 0.5, top1: 0.65, averaged: true });
    const row = buildRows([{ id: 'a', series }], options)[9];
    expect([row?.[rowKey('a', 'validationLoss')], row?.[rowKey('a', 'averagedLoss')]]).toEqual([0.7, 0.5]);
    expect([row?.[rowKey('a', 'validationTop1')], row?.[rowKey('a', 'averagedTop1')]]).toEqual([0.6, 0.65]);
    expect([series.lastEvaluation()?.top1, series.lastEvaluation(true)?.top1]).toEqual([0.6, 0.65]);
  });

  test('the plan stands on an axis of images at the images that its updates take', () => {
    const plan = { lr: (update: number) => update, updatesPerEpoch: 10, imagesPerUpdate: 32, totalUpdates: 4 };
    const rows = buildRows([], { ...options, axis: 'images', plan });
    expect(rows).toEqual([32, 64, 96, 128].map((x, update) => ({ x, [PLAN_KEY]: update })));
  });

  test('values that are not finite leave a gap instead of a point', () => {
    const series = new Series();
    series.append(steps(5, (n) => (n === 3 ? { loss: Number.NaN } : {})));
    const rows = buildRows([{ id: 'a', series }], options);
    expect(rows.map((row) => row[rowKey('a', 'loss')] === undefined)).toEqual([false, false, true, false, false]);
  });
});

test('the first thousand runs have different names, and a number always gives the same one', () => {
  const names = Array.from({ length: 1000 }, (_, n) => runName(n));
  expect(new Set(names).size).toBe(1000);
  expect(runName(7)).toBe(names[7]);
  expect(names.every((name) => /^[a-z]+-[a-z]+$/.test(name))).toBe(true);
});
