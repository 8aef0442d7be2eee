import fc from 'fast-check';
import { expect, test } from 'vitest';
import { datasets } from '../../../src/catalog/datasets';
import type { Part } from '../../../src/catalog/define';
import { models } from '../../../src/catalog/models';
import { optimizers } from '../../../src/catalog/optimizers';
import { allParts, dataPart, defaultOptions, findPart } from '../../../src/catalog/parts';
import { schedules } from '../../../src/catalog/schedules';
import { activeTricks, rivalsOf, tricks } from '../../../src/catalog/tricks';
import { planSample } from '../../../src/data/plan';
import { differences } from '../../../src/experiment/differences';
import { type DataFacts, planTraining, type TrainingPlan } from '../../../src/experiment/plan';
import { choices, controlsOf, defaultExperiment, type Experiment, switchTrick } from '../../../src/experiment/schema';
import { fromLink, toLink } from '../../../src/experiment/url';
import { optionArbitrary } from '../../support/experiment-arbitrary';

const facts = { trainImages: 640, classes: 10 };

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
        expect(fromLink(toLink(experiment))).toEqual({ experiment, problems: [], unread: false });
      }),
      { numRuns: 20 },
    );
  }
});

test.each(tricks.map((trick) => ({ trick, id: trick.id })))(
  '$id cites a paper, maps to timm and is named in a diff',
  ({ trick }) => {
    expect(trick.paper.url).toMatch(/^https:\/\//);
    const exported = trick.timm(defaultOptions(trick), { epochs: 10 });
    if ('args' in exported) expect(exported.args[0]).toMatch(/^--/);
    expect('args' in exported ? (exported.lacking ?? '.') : exported.impossible).toMatch(/\.$/);
    const off = switchTrick(defaultExperiment(), trick.id, false);
    const on = switchTrick(off, trick.id, true);
    expect(differences(off, on).some((line) => line.toLowerCase().startsWith(`+ ${trick.label.toLowerCase()}`))).toBe(
      true,
    );
    if (trick.leading) expect(Object.keys(trick.options.shape)).toContain(trick.leading);
    for (const rival of rivalsOf(trick.id)) {
      expect(on.on[rival.id]).toBe(false);
      expect(rivalsOf(rival.id)).toContain(trick);
    }
  },
);

test('tricks that exclude each other say so once, and of tricks that there are', () => {
  const pairs = tricks.flatMap(({ id, excludes = [] }) => excludes.map((other) => [id, other].sort().join(' ')));
  expect(new Set(pairs).size).toBe(pairs.length);
  for (const other of tricks.flatMap(({ excludes = [] }) => excludes)) {
    expect(tricks.map(({ id }) => id)).toContain(other);
  }
});

/** Moments from the first micro-batch of a run to its last, in every epoch. */
function momentsOf({ at, epochs, microBatchesPerEpoch }: TrainingPlan) {
  const places = [0, 1, microBatchesPerEpoch - 1];
  return Array.from({ length: Math.ceil(epochs) }, (_, epoch) => places.map((place) => at(epoch, place))).flat();
}

const labels = [0, 1, 2, 9];

/** What every function of a plan answers over a run: a plan that is compared must hide nothing in one. */
function samplersOf(plan: TrainingPlan): Map<unknown, () => unknown> {
  const moments = momentsOf(plan);
  const { decayFactor } = plan.optimizerPlan;
  return new Map<unknown, () => unknown>([
    [plan.lr, () => Array.from({ length: plan.totalUpdates }, (_, update) => plan.lr(update))],
    [plan.at, () => moments],
    [plan.mix, () => moments.map(plan.mix)],
    [plan.targets, () => moments.map((at) => [...plan.targets(labels, at)])],
    [plan.leastTarget, () => moments.map(plan.leastTarget)],
    [plan.lossPlan.smoothing, () => moments.map(plan.lossPlan.smoothing)],
    [plan.weightDecay, () => moments.map(plan.weightDecay)],
    ...(decayFactor ? [[decayFactor, () => moments.map(decayFactor)] as const] : []),
  ]);
}

/** A plan as text, its functions by their answers. Throws for a function that nobody samples. */
function planText(plan: TrainingPlan): string {
  const samplers = samplersOf(plan);
  return JSON.stringify(plan, (name, value) => {
    if (typeof value !== 'function') return value;
    const sampled = samplers.get(value);
    if (!sampled) throw new Error(`The plan's function ${name} is not compared.`);
    return sampled();
  });
}

/** All that an experiment makes happen, as text: the plan at every moment, and image operations of some samples. */
function everythingPlanned(experiment: Experiment, facts: DataFacts): string {
  const plan = planTraining(experiment, facts);
  const { seed, on, options } = experiment;
  const samples = Array.from({ length: 20 }, (_, sample) =>
    [0, 3].map((epoch) => planSample({ size: plan.size, on, options }, seed, epoch, sample, 40, 32)),
  );
  return JSON.stringify({ plan: planText(plan), samples });
}

test('a plan that hides a function from its comparison is noticed', () => {
  const plan = planTraining(defaultExperiment(), facts);
  const hiding = { ...plan, optimizerPlan: { ...plan.optimizerPlan, later: () => 1 } };
  expect(() => planText(hiding)).toThrow('function later is not compared');
});

/** Everything on that may be on beside a trick: what one trick plans may depend on others. */
const crowdBeside = (id: string) =>
  tricks
    .filter((other) => other.id !== id && !rivalsOf(id).includes(other))
    .reduce((experiment, other) => switchTrick(experiment, other.id, true), defaultExperiment());

test.each(tricks.map((trick) => ({ trick, id: trick.id })))(
  '$id plans something, in one run at least, and the same each time',
  ({ trick }) => {
    const bases = [defaultExperiment(), crowdBeside(trick.id)];
    const differs = bases.map((base) => {
      const on = everythingPlanned(switchTrick(base, trick.id, true), facts);
      expect(everythingPlanned(switchTrick(base, trick.id, true), facts)).toBe(on);
      const { id } = trick;
      const without = { ...base, on: { ...switchTrick(base, id, true).on, [id]: false } };
      return everythingPlanned(without, facts) !== on;
    });
    expect(differs).toContain(true);
  },
);

const optionsArbitrary = (part: Part) =>
  fc.record(Object.fromEntries([...controlsOf(part)].map(([name, control]) => [name, optionArbitrary(control)])));

test.each(tricks.map((trick) => ({ trick, id: trick.id })))(
  '$id off leaves plan, rates, mixes and image operations as if it did not exist, whatever its options',
  ({ trick }) => {
    for (const base of [defaultExperiment(), crowdBeside(trick.id)]) {
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
