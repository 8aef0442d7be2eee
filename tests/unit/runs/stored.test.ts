/** Readers of what is stored: they take anything and throw at nothing, and what they accept every part of the page can show. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runColumns, sortRuns } from '../../../src/app/panels/run-columns';
import { distinctions } from '../../../src/experiment/differences';
import { defaultExperiment } from '../../../src/experiment/schema';
import { toLink } from '../../../src/experiment/url';
import { rateFor } from '../../../src/lab/device-rate';
import type { Run } from '../../../src/runs/run';
import { columns, Series } from '../../../src/runs/series';
import { readPart, readPredictions, readRun } from '../../../src/runs/stored';
import { twoPredictions } from '../../support/predictions';

const record: Run = {
  id: 'a',
  number: 0,
  name: 'amber-acorn',
  color: 0,
  experiment: defaultExperiment(),
  created: 1,
  state: 'finished',
  message: 'why',
  adapter: {
    backend: 'webgpu',
    vendor: 'acme',
    architecture: 'one',
    description: 'Acme One',
    software: false,
    features: ['shader-f16'],
    fallbackReason: '',
  },
  hidden: false,
  summary: { step: 3, epoch: 0.3, timeMs: 300, trainLoss: Number.NaN, top1: 0.5 },
};

/** A value with one of its fields, at any depth, replaced by anything or taken out. */
const damaged = (whole: object): fc.Arbitrary<unknown> => {
  const paths: string[][] = [];
  const walk = (value: unknown, path: string[]) => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      paths.push([...path, key]);
      walk((value as Record<string, unknown>)[key], [...path, key]);
    }
  };
  walk(whole, []);
  return fc.tuple(fc.constantFrom(...paths), fc.option(fc.anything(), { nil: undefined })).map(([path, other]) => {
    const copy = structuredClone(whole);
    const owner = path
      .slice(0, -1)
      .reduce((at, key) => at[key] as Record<string, unknown>, copy as Record<string, unknown>);
    // Typed arrays hold numbers, and turn nothing else into one without a chance of throwing.
    owner[path.at(-1) as string] = ArrayBuffer.isView(owner) && typeof other !== 'number' ? Number.NaN : other;
    return copy;
  });
};

it('a whole record is read as it was written', () => {
  expect(readRun(structuredClone(record))).toEqual({ run: record });
});

it('whatever a record holds, reading it throws nothing, and what is accepted can be shown, sorted, linked and compared', () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.oneof(fc.anything(), damaged(record)), (value) => {
      const { run, problem } = readRun(value);
      if (!run) {
        expect(problem).toMatch(/^it/);
        return;
      }
      accepted++;
      for (const column of runColumns) {
        expect(typeof column.text(run)).toBe('string');
        sortRuns([run, record], { column: column.label, largestFirst: true });
      }
      rateFor(defaultExperiment(), [run], 1e9);
      if (!run.experiment) {
        expect(run.unreadable).toBeTruthy();
        return;
      }
      toLink(run.experiment);
      distinctions([run.experiment], defaultExperiment());
    }),
    { numRuns: 500 },
  );
  expect(accepted).toBeGreaterThan(10);
});

it('a part of a curve is taken whole or not at all', () => {
  const length = 3;
  const whole = {
    steps: Object.fromEntries(columns.map((name) => [name, Float64Array.from({ length }, (_, i) => i + 5)])),
    evaluations: [{ step: 7, epoch: 1, timeMs: 1, split: 'validation', loss: 1, top1: 1, top5: 1 }],
  };
  expect(readPart(whole, 4)).toEqual(whole);
  // Updates that the curve has already.
  expect(readPart(whole, 5)).toBeUndefined();
  fc.assert(
    fc.property(fc.oneof(fc.anything(), damaged(whole)), (value) => {
      const part = readPart(value, 0);
      if (!part) return;
      const series = new Series();
      series.appendChunk(part.steps);
      for (const metrics of part.evaluations) series.evaluate(metrics);
      expect(series.length).toBe(part.steps.step.length);
      series.throughput();
    }),
    { numRuns: 500 },
  );
});

it('predictions whose arrays do not fit each other are none', () => {
  expect(readPredictions(twoPredictions)).toEqual(twoPredictions);
  for (const wrong of [
    { logits: Float32Array.of(1, 2, 3) },
    { logits: [1, 2, 3, 4] },
    { labels: Int32Array.of(0, 2) },
    { labels: Int32Array.of(0, -1) },
    { places: new Uint32Array(1) },
    { keys: ['x'] },
    { classes: [] },
  ])
    expect(readPredictions({ ...twoPredictions, ...wrong })).toBeUndefined();
});
