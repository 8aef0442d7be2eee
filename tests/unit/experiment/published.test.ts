import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimateSeconds } from '../../../src/experiment/estimate';
import { expectedFacts, planTraining } from '../../../src/experiment/plan';
import { presets, START } from '../../../src/experiment/presets';
import { publishedTables } from '../../../src/experiment/published';
import { recipeKey, settingKey, settingWords } from '../../../src/experiment/recipe';
import { defaultExperiment, type Experiment, setKeys } from '../../../src/experiment/schema';
import { toLink } from '../../../src/experiment/url';
import { warningsOf } from '../../../src/experiment/warnings';
import { gainOver, ownSettings } from '../../../src/runs/reference';
import type { Run } from '../../../src/runs/run';
import { experimentArbitrary } from '../../support/experiment-arbitrary';

const presetOf = (id: string) => {
  const preset = presets.find((candidate) => candidate.id === id);
  if (!preset) throw new Error(`There is no preset ${id}.`);
  return preset;
};
const changed = (experiment: Experiment, keys: Record<string, string>): Experiment => {
  const next = setKeys(experiment, keys);
  if (!next.experiment) throw new Error(JSON.stringify(next.problems));
  return next.experiment;
};
const tableOf = (id: string) => {
  const table = publishedTables.find((candidate) => candidate.id === id);
  if (!table) throw new Error(`There is no table ${id}.`);
  return table;
};

describe('published tables', () => {
  test("hold He et al.'s, GluonCV's, PaddleClas's and the article's numbers", () => {
    const top1 = (id: string) => tableOf(id).rows.map((row) => row.top1);
    expect(top1('batch-256')).toEqual([75.87, 76.03, 76.19, 76.16, 76.15]);
    expect(top1('batch-1024')).toEqual([75.17, 75.93, 76.37, 76.03, 76.21]);
    expect(top1('tweaks')).toEqual([76.21, 76.66, 76.87, 77.16]);
    expect(top1('refinements')).toEqual([77.16, 77.91, 78.31, 78.67, 79.15, 79.29]);
    expect(top1('gluon')).toEqual([77.67, 78.03, 78.48, 79.15]);
    expect(top1('paddle')).toEqual([79.1]);
    expect(top1('article-cmt')).toEqual([55.076, 59.714, 60.532, 61.192]);
    expect(top1('article-resnet')).toEqual([78.25]);
  });

  test('name their source, say what can be compared, and have a baseline in small', () => {
    for (const { source, comparable, rows } of publishedTables) {
      expect(source.url).toMatch(/^https:/);
      expect(comparable.join(' ')).toMatch(/short runs of small images|emoji/);
      for (const { preset } of rows) presetOf(preset);
    }
    expect(tableOf('article-cmt').comparable.join(' ')).toMatch(/300 epochs in place of 120 and drop RandAugment/);
  });

  test('a row differs from the one before by what it says, and by nothing else', () => {
    const keys = (id: string) => presetOf(id).experiment;
    const { on, ...cosine } = keys('paper-cosine');
    expect({ ...cosine, on: { ...on, 'label-smoothing': true } }).toEqual(keys('paper-smoothing'));
    expect({ ...keys('paper-resnet-d'), schedule: 'cosine' }).toEqual(keys('paper-cosine'));
    for (const model of ['resnet50', 'resnet50-c', 'resnet50-vd']) {
      const row = tableOf('tweaks').rows.find(({ preset }) => preset && keys(preset).model === model);
      expect(keys(row?.preset ?? '')).toEqual({ ...keys('paper-resnet-a'), model });
    }
    const rates = ['paper-small-batch', 'paper-large-batch'].map(
      (id) => planTraining(keys(id), expectedFacts(keys(id))).baseLr,
    );
    expect(rates[0]).toBeCloseTo(0.1, 12);
    expect(rates[1]).toBeCloseTo(0.4, 12);
    const article = (id: string) => keys(id).options.stop?.epochs as number;
    expect(article('article-mixup') / article('article-crop')).toBe(300 / 120);
  });

  test("the article's rows are the author's where a browser can be, and say where not", () => {
    const said = (id: string) => tableOf(id).comparable.join(' ');
    for (const { preset } of tableOf('article-cmt').rows) {
      const { on, options } = presetOf(preset).experiment;
      expect([options['random-resized-crop']?.minArea, options.adamw?.weightDecay]).toEqual([0.08, 0.05]);
      expect(on['label-smoothing']).toBe(false);
    }
    expect(presetOf('article-mixup').experiment.options.mixup?.alpha).toBe(0.8);
    expect(said('article-cmt')).toMatch(/area from 8 %.+alpha of \.8.+decay is \.05.+author's \.1.+no label smoothing/);
    expect(presetOf('article-resnet').experiment.options.stop?.epochs).toBe(12);
    expect(said('article-resnet')).toMatch(/12 epochs where the row has 300/);
  });
});

describe('presets', () => {
  test('have ids and experiments of their own, a source, and are rows of a table where they are not starting points', () => {
    expect(new Set(presets.map(({ id }) => id)).size).toBe(presets.length);
    expect(new Set(presets.map(({ experiment }) => toLink(experiment))).size).toBe(presets.length);
    const used = new Set(publishedTables.flatMap(({ rows }) => rows.map(({ preset }) => preset)));
    for (const { id, source, summary } of presets) {
      expect(used.has(id)).toBe(source !== START);
      if (source !== START) expect(summary).toContain('Scaled to a browser');
    }
  });

  test('of the paper train in minutes on a small GPU', () => {
    for (const { id, experiment } of presets) {
      // 100 GFLOP/s, a tenth of what an integrated GPU computes.
      if (id.startsWith('paper')) expect(estimateSeconds(experiment, 1e11), id).toBeLessThan(600);
    }
  });

  test('warn of what their table is there to show, and of nothing else', () => {
    const warned = presets.flatMap(({ id, experiment }) => warningsOf(experiment).map(({ part }) => `${id}: ${part}`));
    expect(warned).toEqual([
      'paper-large-batch: linear-scaling',
      // The paper smooths and distils together; the teacher is still to be chosen.
      'paper-distillation: label-smoothing',
      'paper-distillation: distillation',
      'paper-mixup-distillation: label-smoothing',
      'paper-mixup-distillation: distillation',
      'article-rand-augment: rand-augment',
    ]);
  });
});

describe('a recipe', () => {
  test('does not depend on seed, dataset, size and length, and a setting on nothing else', () => {
    const base = presetOf('paper-mixup').experiment;
    const elsewhere = changed(base, {
      seed: '7',
      dataset: 'emoji',
      'data.size': '64',
      'data.fraction': '1',
      'stop.epochs': '40',
      'resnet50-vd.width': '.5',
      'cutmix.alpha': '.3',
    });
    const taught = presetOf('paper-distillation').experiment;
    expect(recipeKey(changed(taught, { 'distillation.teacher': 'a run' }))).toBe(recipeKey(taught));
    expect(recipeKey(changed(taught, { 'distillation.temperature': '4' }))).not.toBe(recipeKey(taught));
    expect(recipeKey(elsewhere)).toBe(recipeKey(base));
    expect(settingKey(elsewhere)).not.toBe(settingKey(base));
    expect(settingKey(changed(base, { seed: '7', mixup: 'off', 'cutmix.alpha': '.3' }))).toBe(settingKey(base));
    for (const key of ['mixup.alpha', 'data.batch', 'sgd.lr', 'sgd.weightDecay']) {
      const other = changed(base, { [key]: key === 'data.batch' ? '64' : '.3' });
      expect(recipeKey(other), key).not.toBe(recipeKey(base));
    }
    expect(settingWords(base)).toBe('Fashion-MNIST, 28 px, 12 epochs of 20 % of the images, width 0.125');
  });

  test('of a run from before an option was there is that of its default', () => {
    const now = presetOf('paper-smoothing').experiment;
    const before = { ...now, options: { ...now.options, 'label-smoothing': { epsilon: 0.1 } } };
    expect(recipeKey(before)).toBe(recipeKey(now));
    const { lossPlan, at } = planTraining(before, { trainImages: 1000, classes: 10 });
    expect(lossPlan.smoothing(at(3, 0))).toBe(0.1);
  });

  test('and a setting ignore the seed of any experiment', () => {
    fc.assert(
      fc.property(experimentArbitrary, fc.integer({ min: 0, max: 9 }), (experiment, seed) => {
        const other = { ...experiment, seed };
        expect(recipeKey(other)).toBe(recipeKey(experiment));
        expect(settingKey(other)).toBe(settingKey(experiment));
      }),
    );
  });
});

describe('own runs beside published rows', () => {
  const run = (experiment: Experiment, top1: number | undefined, state: Run['state'] = 'finished'): Run => ({
    id: String(Math.abs(top1 ?? 0)),
    number: 0,
    name: 'a',
    color: 0,
    experiment,
    created: 0,
    state,
    hidden: false,
    summary: { step: 1, epoch: 1, timeMs: 1, ...(top1 !== undefined && { top1 }) },
  });
  const [d, cosine] = [presetOf('paper-resnet-d').experiment, presetOf('paper-cosine').experiment];
  const rows = new Map([
    ['paper-resnet-d', d],
    ['paper-cosine', cosine],
  ]);

  test('count by seed, within a setting', () => {
    const shorter = { 'stop.epochs': '3' };
    const settings = ownSettings(
      [
        run(changed(d, shorter), 0.5),
        run(d, 0.8),
        run({ ...d, seed: 2 }, 0.82),
        run(cosine, 0.83),
        run(cosine, 0.85),
        run({ ...cosine, seed: 2 }, 0.87),
        run({ ...cosine, seed: 3 }, 0.9, 'stopped'),
        run({ ...cosine, seed: 4 }, undefined),
        run(defaultExperiment(), 0.9),
      ],
      rows,
    );
    expect(settings.map(({ results }) => results.size)).toEqual([2, 1]);
    const [setting] = settings;
    expect([...(setting?.results.get('paper-resnet-d') ?? [])]).toEqual([
      [1, 0.8],
      [2, 0.82],
    ]);
    expect([...(setting?.results.get('paper-cosine') ?? [])]).toEqual([
      [1, 0.84],
      [2, 0.87],
    ]);
  });

  test('gain what they gain over the baseline of the same seed', () => {
    const base = new Map([
      [1, 0.8],
      [2, 0.82],
    ]);
    const paired = gainOver(
      base,
      new Map([
        [1, 0.84],
        [2, 0.87],
        [3, 0.99],
      ]),
    );
    expect(paired?.n).toBe(2);
    expect(paired?.mean).toBeCloseTo(0.045, 12);
    // Differences .04 and .05: standard error .005, t with one degree of freedom 12.706.
    expect(paired?.high).toBeCloseTo(0.045 + 12.706 * 0.005, 9);
    expect(gainOver(base, new Map([[9, 0.9]]))?.mean).toBeCloseTo(0.09, 12);
    expect(gainOver(undefined, base)).toBeUndefined();
    expect(gainOver(base, undefined)).toBeUndefined();
  });
});
