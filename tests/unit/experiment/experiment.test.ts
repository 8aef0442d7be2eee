import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rivalsOf, tricks } from '../../../src/catalog/tricks';
import { differences } from '../../../src/experiment/differences';
import { estimate } from '../../../src/experiment/estimate';
import { expectedFacts, filledIn, planTraining } from '../../../src/experiment/plan';
import { presets } from '../../../src/experiment/presets';
import {
  defaultExperiment,
  type Experiment,
  experimentWith,
  parseExperiment,
  setKeys,
  switchTrick,
} from '../../../src/experiment/schema';
import { fromLink, toLink } from '../../../src/experiment/url';
import { experimentArbitrary } from '../../support/experiment-arbitrary';

const facts = { trainImages: 1000, classes: 10 };
const changed = (keys: Record<string, string>): Experiment => {
  const { experiment, problems } = setKeys(defaultExperiment(), keys);
  if (!experiment) throw new Error(JSON.stringify(problems));
  return experiment;
};

test('any experiment survives JSON and its check', () => {
  fc.assert(
    fc.property(experimentArbitrary, (experiment) => {
      expect(parseExperiment(JSON.parse(JSON.stringify(experiment)))).toEqual({ experiment });
    }),
  );
});

test('no value makes the check throw', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (value) => {
      expect(parseExperiment(value).problems?.length ?? 0).toBeGreaterThan(0);
    }),
  );
  const keys = ['seed', 'dataset', 'on', 'options', 'version', 'extra'] as const;
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.anything(), (key, value) => {
      const { experiment, problems } = parseExperiment({ ...defaultExperiment(), [key]: value });
      expect(experiment === undefined).toBe(problems !== undefined);
    }),
  );
});

test('everything wrong with an experiment is named by key', () => {
  const wrong = {
    ...structuredClone(defaultExperiment()),
    seed: 1.5,
    model: 'vgg',
    extra: 1,
    on: { ...defaultExperiment().on, mixup: 'yes', teleport: true },
    options: { data: { size: 28, batch: 0, colour: 1 }, mixup: { alpha: '.2' }, nothing: {} },
  };
  const keys = parseExperiment(wrong).problems?.map(({ key }) => key);
  expect(keys?.sort()).toEqual(
    ['data.batch', 'data.colour', 'extra', 'mixup', 'mixup.alpha', 'model', 'nothing', 'seed', 'teleport'].sort(),
  );
});

test('a version that cannot even be said is refused in words', () => {
  const problemOf = (version: unknown) => parseExperiment({ ...defaultExperiment(), version }).problems?.[0]?.message;
  expect(problemOf({ toString: 0 })).toBe('This experiment has no version; this Tricklab reads version 1.');
  expect(problemOf(7)).toBe('This experiment has version 7; this Tricklab reads version 1.');
});

test('keys that aim at prototypes are refused', () => {
  const text = JSON.stringify(defaultExperiment());
  for (const place of ['"options":{', '"on":{', '"options":{"data":{', '{']) {
    const evil = JSON.parse(
      place === '"options":{"data":{'
        ? JSON.stringify({ ...defaultExperiment(), options: {} }).replace(
            '"options":{',
            '"options":{"data":{"__proto__":{"x":1}}',
          )
        : text.replace(place, `${place}"__proto__":{"x":1},`),
    );
    const { experiment, problems } = parseExperiment(evil);
    expect(problems?.length ?? 0, place).toBeGreaterThan(0);
    expect(experiment).toBeUndefined();
  }
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

test('a run of an older catalog opens: what it does not name is off or at its default', () => {
  const { mixup: _trick, ...on } = defaultExperiment().on;
  const { mixup: _options, ...options } = defaultExperiment().options;
  expect(parseExperiment({ ...defaultExperiment(), on, options })).toEqual({ experiment: defaultExperiment() });
});

test('setKeys takes texts and values, and changes nothing when a key is bad', () => {
  const base = defaultExperiment();
  const { experiment } = setKeys(base, {
    mixup: true,
    'mixup.alpha': '.4',
    'data.size': 32,
    'resnet50-vd.depths': [2, 2, 2, 2],
  });
  expect(experiment?.on.mixup).toBe(true);
  expect(experiment?.options.mixup).toEqual({ alpha: 0.4 });
  expect(experiment?.options.data).toMatchObject({ size: 32, batch: 64 });
  expect(experiment?.options['resnet50-vd']).toMatchObject({ depths: [2, 2, 2, 2] });
  const bad = setKeys(base, { mixup: 'on', 'data.size': 'huge', 'model.x': '1' });
  expect(bad.problems?.map(({ key }) => key)).toEqual(['data.size', 'model.x']);
  expect(base).toEqual(defaultExperiment());
});

test('tricks that exclude each other are never on together', () => {
  const base = defaultExperiment();
  expect(base.on['padded-crop']).toBe(true);
  expect(switchTrick(base, 'random-resized-crop', true).on).toMatchObject({ 'padded-crop': false });
  const together = { ...base, on: { ...base.on, 'random-resized-crop': true } };
  expect(parseExperiment(together).problems?.[0]?.message).toContain('cannot be on together');
});

test('a diff says in one line each what changed', () => {
  const base = defaultExperiment();
  expect(differences(base, base)).toEqual([]);
  expect(differences(base, changed({ 'label-smoothing': 'on' }))).toEqual(['+ label smoothing .1']);
  expect(differences(changed({ mixup: 'on' }), base)).toEqual(['− mixup']);
  expect(differences(base, changed({ 'sgd.lr': '.05' }))).toEqual(['learning rate .1 → .05']);
  expect(differences(base, changed({ 'label-smoothing': 'on', 'label-smoothing.epsilon': '.2' }))).toEqual([
    '+ label smoothing .2',
  ]);
  // A second option does not cost the trick the number that it is known by, and is said for itself.
  const falling = { 'label-smoothing': 'on', 'label-smoothing.decay': 'cosine' };
  expect(differences(base, changed(falling))).toEqual([
    '+ label smoothing .1',
    'label smoothing: over the run constant → cosine',
  ]);
  const mixed = changed({ mixup: 'on' });
  expect(differences(mixed, changed({ mixup: 'on', 'mixup.alpha': '1' }))).toEqual(['mixup: alpha .2 → 1']);
  expect(differences(base, changed({ model: 'resnet50', seed: '4' }))).toEqual([
    'model ResNet-50-vd → ResNet-50',
    'seed 1 → 4',
  ]);
  // The alpha of a trick that is off changes nothing, so it is not said.
  expect(differences(base, changed({ 'mixup.alpha': '1' }))).toEqual([]);
});

test('the plan counts micro-batches, updates and epochs', () => {
  const plan = planTraining(
    changed({
      'data.batch': '64',
      'gradient-accumulation': 'on',
      'gradient-accumulation.steps': '4',
      'stop.epochs': '3',
    }),
    facts,
  );
  // 1000 images are 15 whole batches of 64: three updates of four and one of three.
  expect(plan).toMatchObject({
    microBatchesPerEpoch: 15,
    updatesPerEpoch: 4,
    totalUpdates: 12,
    epochs: 3,
    accumulation: 4,
  });
  const few = planTraining(defaultExperiment(), { trainImages: 3, classes: 10 });
  expect(few).toMatchObject({ microBatchesPerEpoch: 1, updatesPerEpoch: 1 });
});

test('linear scaling counts the images of an update, accumulated ones too', () => {
  const plan = (keys: Record<string, string>) => planTraining(changed({ 'data.batch': '64', ...keys }), facts);
  expect(plan({}).baseLr).toBe(0.1);
  expect(plan({ 'linear-scaling': 'on' }).baseLr).toBeCloseTo(0.025, 12);
  const both = plan({ 'linear-scaling': 'on', 'gradient-accumulation': 'on', 'gradient-accumulation.steps': '8' });
  expect(both.baseLr).toBeCloseTo(0.2, 12);
  // By the square root for optimizers that divide by the size of the gradient.
  expect(plan({ 'linear-scaling': 'on', optimizer: 'adamw' }).baseLr).toBeCloseTo(0.0005, 12);
  expect(plan({ 'linear-scaling': 'on', optimizer: 'lars' }).baseLr).toBeCloseTo(0.25, 12);
});

test('the switches reach the plans of loss, optimizer and model', () => {
  const on = planTraining(
    changed({ 'label-smoothing': 'on', 'no-bias-decay': 'on', 'zero-gamma': 'on', 'sgd.nesterov': 'on' }),
    facts,
  );
  expect(on.lossPlan.smoothing(on.at(0, 0))).toBe(0.1);
  expect(on.optimizerPlan).toEqual({
    rule: { kind: 'sgd', momentum: 0.9, nesterov: true },
    weightDecay: 0.0001,
    decayVectors: false,
  });
  const more = { 'gradient-clipping': 'on', 'gradient-clipping.norm': '2', ema: 'on', 'ema.warmup': 'on' };
  expect(planTraining(changed({ optimizer: 'adamw', ...more }), facts).optimizerPlan).toEqual({
    rule: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
    weightDecay: 0.05,
    decayVectors: false,
    clipNorm: 2,
    averaging: { decay: 0.9998, warmup: true },
  });
  expect(on.modelContext).toEqual({ zeroGamma: true, dropPath: 0, dropout: 0, classes: 10, size: 28 });
  const off = planTraining(changed({ 'no-bias-decay': 'off', 'zero-gamma': 'off' }), facts);
  expect(off.lossPlan.smoothing(off.at(0, 0))).toBe(0);
  expect(off.optimizerPlan.decayVectors).toBe(true);
  expect(off.modelContext.zeroGamma).toBe(false);
  const dropped = planTraining(
    changed({ 'stochastic-depth': 'on', 'stochastic-depth.rate': '.2', dropout: 'on' }),
    facts,
  );
  expect(dropped.modelContext).toMatchObject({ dropPath: 0.2, dropout: 0.1 });
});

test('replicas split the batch for batch norm unless they share statistics, and change no image count', () => {
  const plan = (keys: Record<string, string>) =>
    planTraining(changed({ 'linear-scaling': 'on', 'data.batch': '64', ...keys }), facts);
  const one = plan({});
  const four = plan({ replicas: 'on', 'replicas.count': '4' });
  expect([one.normGroups, four.normGroups]).toEqual([1, 4]);
  expect(four).toMatchObject({ batch: 64, baseLr: one.baseLr, totalUpdates: one.totalUpdates });
  expect(plan({ replicas: 'on', 'replicas.count': '4', 'sync-bn': 'on' }).normGroups).toBe(1);
  expect(plan({ 'sync-bn': 'on' }).normGroups).toBe(1);
});

test('the plan mixes by epoch and micro-batch, with the seed of the experiment', () => {
  const a = planTraining(changed({ mixup: 'on' }), facts);
  const b = planTraining(changed({ mixup: 'on', seed: '2' }), facts);
  const at = a.at(1, 2);
  expect(a.mix(at)).toEqual(planTraining(changed({ mixup: 'on' }), facts).mix(at));
  expect(a.mix(at)).not.toEqual(b.mix(at));
  expect(a.mix(at)).not.toEqual(a.mix(a.at(1, 3)));
});

test.each(presets)('preset $id is right, can be linked and has a plan and a cost', ({ experiment }) => {
  expect(parseExperiment(experiment)).toEqual({ experiment });
  expect(fromLink(toLink(experiment))).toEqual({ experiment, problems: [], unread: false });
  const plan = planTraining(experiment, expectedFacts(experiment));
  for (const update of [0, Math.floor(plan.totalUpdates / 2), plan.totalUpdates - 1]) {
    expect(plan.lr(update) >= 0 && plan.lr(update) <= plan.baseLr).toBe(true);
  }
  expect(estimate(experiment, plan.modelContext.classes).params).toBeGreaterThan(1000);
});

test('two tricks that decide one field are refused by name, and one alone is not', () => {
  const plan = { decay: 0, clip: 0 };
  const by = (name: string, fields: Partial<typeof plan>) => ({ by: name, fields });
  expect(filledIn(plan, [by('A', { decay: 1 }), by('B', { clip: 2 })])).toEqual({ decay: 1, clip: 2 });
  expect(plan).toEqual({ decay: 0, clip: 0 });
  expect(() => filledIn(plan, [by('A', { decay: 1 }), by('C', { clip: 2 }), by('B', { decay: 1 })])).toThrow(
    'A and B cannot be on together: both decide decay. Switch one of them off.',
  );
});

test('any two tricks that may be on together can be planned together', () => {
  const off = Object.fromEntries(tricks.map(({ id }) => [id, false]));
  for (const { id } of tricks) {
    for (const { id: other } of tricks) {
      if (rivalsOf(id).some((rival) => rival.id === other)) continue;
      const experiment = { ...defaultExperiment(), on: { ...off, [id]: true, [other]: true } };
      expect(() => planTraining(experiment, facts), `${id} and ${other}`).not.toThrow();
    }
  }
});

test('experimentWith names what it was given wrong', () => {
  expect(() => experimentWith({ 'sgd.lr': 'fast' })).toThrow('sgd.lr must be a number');
});
