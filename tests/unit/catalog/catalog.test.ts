import fc from 'fast-check';
import { expect, test } from 'vitest';
import { datasets } from '../../../src/catalog/datasets';
import type { Part } from '../../../src/catalog/define';
import { models } from '../../../src/catalog/models';
import { optimizers } from '../../../src/catalog/optimizers';
import { allParts, dataPart, defaultOptions, findPart } from '../../../src/catalog/parts';
import { schedules } from '../../../src/catalog/schedules';
import { activeTricks, tricks } from '../../../src/catalog/tricks';
import { rng } from '../../../src/core/rng';
import { planSample } from '../../../src/data/plan';
import { diffExperiments } from '../../../src/experiment/diff';
import { type DataFacts, planTraining } from '../../../src/experiment/plan';
import { choices, controlsOf, defaultExperiment, type Experiment, switchTrick } from '../../../src/experiment/schema';
import { fromLink, toLink } from '../../../src/experiment/url';
import { optionArbitrary } from '../../support/experiment-arbitrary';

const parts = allParts().map((entry) => ({ ...entry, id: entry.part.id }));

test('every id in the catalog is unique, kebab-case and no key of an experiment', () => {
  const ids = parts.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
  for (const key of ['v', 'seed', 'on', 'options', 'version', ...Object.keys(choices)]) expect(ids).not.toContain(key);
  expect(findPart('__proto__')).toBeUndefined();
});

test.each(parts)('$id says what it is and every option has a control and a default within its range', ({ part }) => {
  expect(part.label).not.toBe('');
  expect(part.summary).toMatch(/^[A-Z0-9].*\.$/);
  const defaults = defaultOptions(part);
  const controls = controlsOf(part);
  expect([...controls.keys()].sort()).toEqual(Object.keys(defaults).sort());
  for (const control of controls.values()) expect(control.label).not.toBe('');
  expect(part.options.strict().parse(defaults)).toEqual(defaults);
});

test.each(parts)('the options of $id survive a link, whatever they are', ({ part }) => {
  for (const [name, control] of controlsOf(part)) {
    fc.assert(
      fc.property(optionArbitrary(control), (value) => {
        const experiment = defaultExperiment();
        experiment.options[part.id] = { ...experiment.options[part.id], [name]: value };
        expect(fromLink(toLink(experiment))).toEqual({ experiment, problems: [] });
      }),
      { numRuns: 20 },
    );
  }
});

test.each(tricks.map((trick) => ({ trick, id: trick.id })))(
  '$id cites a paper, maps to timm and is named in a diff',
  ({ trick }) => {
    expect(trick.paper.url).toMatch(/^https:\/\//);
    const exported = trick.timm(defaultOptions(trick));
    if ('args' in exported) expect(exported.args[0]).toMatch(/^--/);
    expect('args' in exported ? (exported.lacking ?? '.') : exported.impossible).toMatch(/\.$/);
    const off = switchTrick(defaultExperiment(), trick.id, false);
    const on = switchTrick(off, trick.id, true);
    expect(
      diffExperiments(off, on).some((line) => line.toLowerCase().startsWith(`+ ${trick.label.toLowerCase()}`)),
    ).toBe(true);
    for (const other of trick.excludes ?? []) {
      expect(tricks.find(({ id }) => id === other)?.excludes).toContain(trick.id);
      expect(on.on[other]).toBe(false);
    }
  },
);

test.each(tricks.map((trick) => ({ trick, id: trick.id })))(
  '$id plans the same for the same seed, and does plan something',
  ({ trick }) => {
    const options = defaultOptions(trick);
    const sample = (seed: number) =>
      trick.sample?.(options, {
        rng: rng(seed, trick.id, 2, 3),
        width: 40,
        height: 28,
        size: 28,
        mean: [0.5, 0.4, 0.3],
        std: [0.2, 0.2, 0.3],
      });
    const batch = (seed: number) => trick.batch?.(options, { rng: rng(seed, trick.id, 2, 3), epoch: 2, size: 28 });
    const seeds = Array.from({ length: 20 }, (_, i) => i);
    expect(seeds.map(sample)).toEqual(seeds.map(sample));
    expect(seeds.map(batch)).toEqual(seeds.map(batch));
    const differs = <T>(draw: (seed: number) => T) => new Set(seeds.map((seed) => JSON.stringify(draw(seed)))).size > 1;
    const does =
      (trick.sample && differs(sample)) ||
      (trick.batch && differs(batch)) ||
      Boolean(trick.loss ?? trick.optimizer ?? trick.model ?? trick.scale ?? trick.scaleRate ?? trick.rate);
    expect(does).toBe(true);
  },
);

/** All that an experiment makes happen, as text: the plan, every rate, mixes and image operations of some samples. */
function everythingPlanned(experiment: Experiment, facts: DataFacts): string {
  const plan = planTraining(experiment, facts);
  const { seed, on, options } = experiment;
  const samples = [0, 7].flatMap((sample) =>
    [0, 3].map((epoch) => planSample({ size: plan.size, on, options }, seed, epoch, sample, 40, 32)),
  );
  const mixes = [0, 3].flatMap((epoch) => [0, 1, 2].map((batch) => plan.mix(epoch, batch)));
  const rates = Array.from({ length: plan.totalUpdates }, (_, update) => plan.lr(update));
  return JSON.stringify({ plan, samples, mixes, rates });
}

const optionsArbitrary = (part: Part) =>
  fc.record(Object.fromEntries([...controlsOf(part)].map(([name, control]) => [name, optionArbitrary(control)])));

test.each(tricks.map((trick) => ({ trick, id: trick.id })))(
  '$id off leaves plan, rates, mixes and image operations as if it did not exist, whatever its options',
  ({ trick }) => {
    const facts = { trainImages: 640, classes: 10 };
    // Everything else on that may be on with it off: each trick's plan may depend on others.
    const others = tricks.filter(({ id, excludes = [] }) => id !== trick.id && !excludes.includes(trick.id));
    const crowd = others.reduce((experiment, { id }) => switchTrick(experiment, id, true), defaultExperiment());
    for (const base of [defaultExperiment(), crowd]) {
      const off = switchTrick(base, trick.id, false);
      const planned = everythingPlanned(off, facts);
      fc.assert(
        fc.property(optionsArbitrary(trick), (options) => {
          const other = { ...off, options: { ...off.options, [trick.id]: options } };
          expect(everythingPlanned(other, facts)).toBe(planned);
        }),
        { numRuns: 10 },
      );
    }
    const off = switchTrick(defaultExperiment(), trick.id, false);
    expect(activeTricks(off).map((active) => active.trick.id)).not.toContain(trick.id);
  },
);

test('every choice has something to choose, an optimizer has a rate, a dataset its statistics', () => {
  for (const registry of [datasets, models, optimizers, schedules]) expect(registry.length).toBeGreaterThan(0);
  for (const optimizer of optimizers) {
    expect(controlsOf(optimizer).get('lr')?.kind).toBe('number');
    expect(optimizer.timm(defaultOptions(optimizer))).toHaveProperty('args');
  }
  for (const schedule of schedules) expect(schedule.timm(defaultOptions(schedule))).toHaveProperty('args');
  for (const { mean, std, classes, trainImages, imageSide } of datasets) {
    for (const value of [...mean, ...std]) expect(value > 0 && value < 1).toBe(true);
    expect(Math.min(classes, trainImages, imageSide)).toBeGreaterThan(1);
  }
});

test('shards from a link need an address, built-in datasets have theirs', () => {
  const [own, emoji, wds] = ['fashion-mnist', 'emoji', 'wds'].map((id) =>
    datasets.find((dataset) => dataset.id === id),
  );
  expect(own?.infoUrl({})).toBe('datasets/fashion-mnist/_info.json');
  expect(emoji?.infoUrl({})).toBe('datasets/emoji/_info.json');
  expect(wds?.infoUrl({ url: 'https://example.org/x/_info.json' })).toBe('https://example.org/x/_info.json');
  expect(() => wds?.infoUrl({ url: '' })).toThrow('address');
});

test('the image settings have the ranges that the kernels were written for', () => {
  expect(dataPart.options.safeParse({ size: 7 }).success).toBe(false);
  expect(dataPart.options.safeParse({ batch: 0 }).success).toBe(false);
  expect(dataPart.options.safeParse({ size: 224, batch: 8, fraction: 0.2 }).success).toBe(true);
});
