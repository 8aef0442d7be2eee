import { describe, expect, test } from 'vitest';

import { byAge, columnsFor, nextOrder, runColumns, sortRuns } from '../../../src/app/panels/run-columns';
import type { AdapterSummary } from '../../../src/core/results';
import { distinctions } from '../../../src/experiment/differences';
import { estimate } from '../../../src/experiment/estimate';
import { defaultExperiment, type Experiment, experimentWith } from '../../../src/experiment/schema';
import { rateFor, saysRate } from '../../../src/lab/device-rate';
import type { Run, RunSummary } from '../../../src/runs/run';

const adapter: AdapterSummary = {
  backend: 'webgpu',
  vendor: 'acme',
  architecture: 'one',
  description: 'Acme One',
  software: false,
  features: [],
  fallbackReason: '',
};

const run = (number: number, summary: Partial<RunSummary>, experiment: Experiment = defaultExperiment()): Run => ({
  id: `run-${number}`,
  number,
  name: `name-${number}`,
  color: number,
  experiment,
  created: number,
  state: 'finished',
  adapter,
  hidden: false,
  summary: { step: 100, epoch: 1, timeMs: 1000, ...summary },
});

describe('the order of the runs table', () => {
  const runs = [run(0, { top1: 0.8 }), run(1, {}), run(2, { top1: 0.9 }), run(3, { top1: 0.8 })];
  const numbers = (order: Parameters<typeof sortRuns>[1]) => sortRuns(runs, order).map(({ number }) => number);
  const top1 = runColumns.find(({ label }) => label === 'Top-1');
  if (!top1) throw new Error('There is no column Top-1.');

  test('is by age until a heading is pressed, and again after three presses', () => {
    const first = nextOrder(byAge, top1);
    const second = nextOrder(first, top1);
    expect(numbers(byAge)).toEqual([3, 2, 1, 0]);
    expect(numbers(first)).toEqual([2, 3, 0, 1]);
    expect(numbers(second)).toEqual([3, 0, 2, 1]);
    expect(nextOrder(second, top1)).toEqual(byAge);
  });

  test('has a column for averaged weights only where a run keeps them', () => {
    const labels = (some: Run[]) => columnsFor(some).map(({ label }) => label);
    expect(labels(runs)).not.toContain('EMA top-1');
    const averaging = columnsFor([...runs, run(4, { top1: 0.8, averagedTop1: 0.85 })]);
    expect(averaging.find(({ label }) => label === 'EMA top-1')?.text(run(4, { averagedTop1: 0.85 }))).toBe('85.0 %');
    // A table that is drawn again must not make every row new.
    expect(columnsFor(runs)).toBe(columnsFor([]));
  });

  test('a loss is sorted from the smallest first', () => {
    const loss = runColumns.find(({ label }) => label === 'Val. loss');
    expect(loss && nextOrder(byAge, loss).largestFirst).toBe(false);
  });
});

describe('what sets runs apart', () => {
  const base = defaultExperiment();

  test('changes that all runs share are said once', () => {
    const small = experimentWith({ 'data.batch': 32 });
    const smooth = experimentWith({ 'data.batch': 32, 'label-smoothing': true });
    expect(distinctions([small, smooth], base)).toEqual({
      common: ['batch 64 → 32'],
      own: [[], ['+ label smoothing .1']],
    });
  });

  test('a single run keeps all of its changes, and a removed trick has a minus', () => {
    expect(distinctions([experimentWith({ flip: false })], base)).toEqual({
      common: [],
      own: [['− horizontal flip']],
    });
  });
});

describe('the rate to expect of a device', () => {
  const narrow = experimentWith({ 'resnet50-vd.width': 0.0625 });
  const wide = experimentWith({ 'resnet50-vd.width': 2 });
  const flops = (experiment: Experiment) => estimate(experiment, 10).trainFlopsPerImage;

  test('is that of the most similar run, the newest of equals, and the probe for what is unlike all runs', () => {
    const runs = [
      run(0, { imagesPerSecond: 100 }, narrow),
      run(1, { imagesPerSecond: 200 }, narrow),
      run(2, { imagesPerSecond: 50 }),
    ];
    expect(rateFor(narrow, runs, 1e9)).toBeCloseTo(200 * flops(narrow), 0);
    expect(rateFor(defaultExperiment(), runs, 1e9)).toBeCloseTo(50 * flops(defaultExperiment()), 0);
    expect(rateFor(wide, runs, 1e9)).toBe(1e9);
    expect(rateFor(wide, runs, undefined)).toBeUndefined();
  });

  test('is not told by another adapter, a run in progress or a run that has hardly begun', () => {
    expect(saysRate(run(0, {}), adapter)).toBe(true);
    expect(saysRate(run(0, {}), { ...adapter, description: 'Acme Two' })).toBe(false);
    expect(saysRate({ ...run(0, {}), state: 'running' }, adapter)).toBe(false);
    expect(saysRate(run(0, { step: 3 }), adapter)).toBe(false);
  });
});
