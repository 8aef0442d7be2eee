import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clashes } from '../../../src/experiment/clashes';
import { diffExperiments } from '../../../src/experiment/diff';
import { estimate } from '../../../src/experiment/estimate';
import { expectedFacts, planTraining } from '../../../src/experiment/plan';
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
  expect(diffExperiments(base, base)).toEqual([]);
  expect(diffExperiments(base, changed({ 'label-smoothing': 'on' }))).toEqual(['+ label smoothing .1']);
  expect(diffExperiments(changed({ mixup: 'on' }), base)).toEqual(['- mixup']);
  expect(diffExperiments(base, changed({ 'sgd.lr': '.05' }))).toEqual(['learning rate .1 -> .05']);
  expect(diffExperiments(base, changed({ 'label-smoothing': 'on', 'label-smoothing.epsilon': '.2' }))).toEqual([
    '+ label smoothing .2',
  ]);
  const mixed = changed({ mixup: 'on' });
  expect(diffExperiments(mixed, changed({ mixup: 'on', 'mixup.alpha': '1' }))).toEqual(['mixup: alpha .2 -> 1']);
  expect(diffExperiments(base, changed({ model: 'resnet50', seed: '4' }))).toEqual([
    'model ResNet-50-vd -> ResNet-50',
    'seed 1 -> 4',
  ]);
  // The alpha of a trick that is off changes nothing, so it is not said.
  expect(diffExperiments(base, changed({ 'mixup.alpha': '1' }))).toEqual([]);
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
  expect(on.lossPlan).toEqual({ smoothing: 0.1 });
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
  expect(off.lossPlan).toEqual({ smoothing: 0 });
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
  expect(a.mix(1, 2)).toEqual(planTraining(changed({ mixup: 'on' }), facts).mix(1, 2));
  expect(a.mix(1, 2)).not.toEqual(b.mix(1, 2));
});

test.each(presets)('preset $id is right, can be linked and has a plan and a cost', ({ experiment }) => {
  expect(parseExperiment(experiment)).toEqual({ experiment });
  expect(fromLink(toLink(experiment))).toEqual({ experiment, problems: [] });
  const plan = planTraining(experiment, expectedFacts(experiment));
  for (const update of [0, Math.floor(plan.totalUpdates / 2), plan.totalUpdates - 1]) {
    expect(plan.lr(update) >= 0 && plan.lr(update) <= plan.baseLr).toBe(true);
  }
  expect(estimate(experiment, plan.modelContext.classes).params).toBeGreaterThan(1000);
});

test('the default experiment has no clash', () => {
  expect(clashes(defaultExperiment())).toEqual([]);
});

test.each([
  [{ mixup: 'on', 'stop.epochs': '2' }, 'mixup', 'long runs'],
  [{ cutmix: 'on', 'stop.epochs': '2' }, 'cutmix', 'long runs'],
  [{ model: 'cmt-tiny', dataset: 'emoji', 'data.size': '32' }, 'cmt-tiny', 'keys'],
  [{ 'linear-scaling': 'on', 'data.batch': '512', warmup: 'off' }, 'linear-scaling', 'warmup'],
  [
    { 'linear-scaling': 'on', 'linear-scaling.base': '32', 'data.batch': '64', warmup: 'off' },
    'linear-scaling',
    'add warmup',
  ],
  [{ mixup: 'on', 'data.batch': '1', 'stop.epochs': '12' }, 'mixup', 'mixed with itself'],
  [
    { 'gradient-accumulation': 'on', 'gradient-accumulation.steps': '64', 'data.fraction': '.01' },
    'gradient-accumulation',
    'fewer batches',
  ],
  [{ 'warmup.epochs': '9', 'stop.epochs': '5' }, 'warmup', 'never reached'],
  [{ 'color-jitter': 'on', 'color-jitter.hue': '.1' }, 'color-jitter', 'grey'],
  [{ 'color-jitter': 'on', 'color-jitter.hue': '.1', dataset: 'emoji' }, 'color-jitter', 'far from photos'],
  [{ 'rand-augment': 'on' }, 'rand-augment', 'ImageNet photos'],
  [{ 'auto-augment': 'on', dataset: 'emoji' }, 'auto-augment', 'ImageNet photos'],
  [{ 'lighting-noise': 'on' }, 'lighting-noise', 'colour'],
  [{ grayscale: 'on' }, 'grayscale', 'already'],
  [{ 'gaussian-blur': 'on', 'data.size': '28' }, 'gaussian-blur', '28 px'],
  [{ schedule: 'step' }, 'step', 'the rate stays'],
  [{ schedule: 'multistep', 'multistep.milestones': '90,60,9', 'stop.epochs': '9' }, 'multistep', 'the rate stays'],
  [{ schedule: 'cosine-restarts', 'cosine-restarts.per': 'epoch' }, 'cosine-restarts', 'never falls'],
  [{ 'sgd.weightDecay': '0' }, 'no-bias-decay', 'nothing'],
  [{ optimizer: 'lars', 'lars.weightDecay': '0' }, 'lars', 'this is SGD'],
  [{ ema: 'on', 'stop.steps': '1001' }, 'ema', 'After 1,001 updates 82 %'],
  [{ 'sync-bn': 'on' }, 'sync-bn', 'nothing changes'],
  [{ replicas: 'on', 'data.batch': '62', 'replicas.count': '4' }, 'replicas', 'multiple of 4'],
  [{ replicas: 'on', 'data.batch': '62', 'replicas.count': '4', 'sync-bn': 'on' }, 'replicas', 'multiple of 4'],
  [{ replicas: 'on', 'data.batch': '28', 'replicas.count': '4' }, 'replicas', '7 images'],
  [{ replicas: 'on', 'data.batch': '4', 'replicas.count': '4' }, 'replicas', 'a single image'],
  [{ replicas: 'on', 'data.batch': '28', 'replicas.count': '4', 'zero-gamma': 'on' }, 'zero-gamma', 'SyncBN'],
])('%o warns at %s', (keys, trick, words) => {
  const found = clashes(changed(keys));
  expect(found.map((clash) => clash.trick)).toContain(trick);
  expect(found.find((clash) => clash.trick === trick)?.message).toContain(words);
});

test.each([
  [{ mixup: 'on', cutmix: 'on', 'stop.epochs': '10' }],
  [{ model: 'cmt-tiny', dataset: 'emoji', 'data.size': '64' }],
  [{ 'linear-scaling': 'on', 'data.batch': '512' }],
  [{ 'linear-scaling': 'on', 'data.batch': '256', warmup: 'off' }],
  [{ 'color-jitter': 'on' }],
])('%o is no clash', (keys) => {
  expect(clashes(changed(keys))).toEqual([]);
});

test('augmentations of photos, drops inside the run and averages that keep up are no clash', () => {
  const photos = {
    dataset: 'wds',
    'data.size': '64',
    'rand-augment': 'on',
    'gaussian-blur': 'on',
    'lighting-noise': 'on',
  };
  const colour = { 'color-jitter': 'on', 'color-jitter.hue': '.1', grayscale: 'on', 'random-erasing': 'on' };
  const late = { schedule: 'multistep', 'multistep.milestones': '2,4,90', 'stop.epochs': '5' };
  expect(clashes(changed({ ...photos, ...colour, ...late }))).toEqual([]);
  expect(clashes(changed({ optimizer: 'lars', ema: 'on', 'ema.warmup': 'on' }))).toEqual([]);
  expect(clashes(changed({ ema: 'on', 'ema.decay': '.99', 'stop.steps': '1001' }))).toEqual([]);
});

test('replicas of eight images and more, or with SyncBN, are no clash', () => {
  expect(clashes(changed({ replicas: 'on', 'replicas.count': '8', 'data.batch': '64' }))).toEqual([]);
  expect(clashes(changed({ replicas: 'on', 'replicas.count': '8', 'data.batch': '16', 'sync-bn': 'on' }))).toEqual([]);
});

test('experimentWith names what it was given wrong', () => {
  expect(() => experimentWith({ 'sgd.lr': 'fast' })).toThrow('sgd.lr must be a number');
});
