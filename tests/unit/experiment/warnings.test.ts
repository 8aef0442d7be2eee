/** Every part's own warnings, each met and each not met. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultOptions } from '../../../src/catalog/parts';
import { tricks } from '../../../src/catalog/tricks';
import { experimentWith as changed, defaultExperiment, isChosen } from '../../../src/experiment/schema';
import { surroundingsOf, warningsOf } from '../../../src/experiment/warnings';
import { experimentArbitrary } from '../../support/experiment-arbitrary';

test('the default experiment has no warning', () => {
  expect(warningsOf(defaultExperiment())).toEqual([]);
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
  [{ 'warmup.epochs': '9', 'stop.epochs': '5' }, 'warmup', 'never begins'],
  [{ 'warmup.startLr': '.5' }, 'warmup', 'lowers the rate'],
  [{ 'cosine.minLr': '.5' }, 'cosine', 'The last rate, 0.5, is not below the learning rate, 0.1'],
  [{ schedule: 'cosine-restarts', 'cosine-restarts.minLr': '.1' }, 'cosine-restarts', 'never falls'],
  [{ 'linear-scaling': 'on', 'data.batch': '32', 'cosine.minLr': '.0125' }, 'cosine', 'learning rate, 0.0125'],
  [{ model: 'cmt-tiny', dataset: 'emoji', 'data.size': '64' }, 'zero-gamma', 'CMT-tiny has no gamma'],
  [{ 'data.fraction': '.001' }, 'data', 'There are 60 images to train on, too few for a batch of 64'],
  [{ 'mixup-off': 'on' }, 'mixup-off', 'Neither mixup nor CutMix'],
  [{ 'mixup-off': 'on', cutmix: 'on', 'mixup-off.epochs': '12', 'stop.epochs': '12' }, 'mixup-off', 'ever mixed'],
  [{ 'alternating-flip': 'on', 'stop.epochs': '1' }, 'alternating-flip', 'one epoch'],
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
])('%o warns at %s', (keys, part, words) => {
  const found = warningsOf(changed(keys));
  expect(found.map((warning) => warning.part)).toContain(part);
  expect(found.find((warning) => warning.part === part)?.message).toContain(words);
});

test.each([
  [{ mixup: 'on', cutmix: 'on', 'stop.epochs': '10' }],
  [{ mixup: 'on', 'mixup-off': 'on', 'alternating-flip': 'on', 'stop.epochs': '10' }],
  [{ 'cosine.minLr': '.05' }],
  [{ 'linear-scaling': 'on', 'data.batch': '512', 'cosine.minLr': '.15' }],
  [{ 'data.batch': '60', 'data.fraction': '.001', 'stop.epochs': '60' }],
  [{ model: 'cmt-tiny', dataset: 'emoji', 'data.size': '64', 'zero-gamma': 'off' }],
  [{ 'linear-scaling': 'on', 'data.batch': '512' }],
  [{ 'linear-scaling': 'on', 'data.batch': '256', warmup: 'off' }],
  [{ 'color-jitter': 'on' }],
])('%o has no warning', (keys) => {
  expect(warningsOf(changed(keys))).toEqual([]);
});

test('augmentations of photos, drops inside the run and averages that keep up have no warning', () => {
  const photos = {
    dataset: 'wds',
    'data.size': '64',
    'rand-augment': 'on',
    'gaussian-blur': 'on',
    'lighting-noise': 'on',
  };
  const colour = { 'color-jitter': 'on', 'color-jitter.hue': '.1', grayscale: 'on', 'random-erasing': 'on' };
  const late = { schedule: 'multistep', 'multistep.milestones': '2,4,90', 'stop.epochs': '5' };
  expect(warningsOf(changed({ ...photos, ...colour, ...late }))).toEqual([]);
  expect(warningsOf(changed({ optimizer: 'lars', ema: 'on', 'ema.warmup': 'on' }))).toEqual([]);
  expect(warningsOf(changed({ ema: 'on', 'ema.decay': '.99', 'stop.steps': '1001' }))).toEqual([]);
});

test('replicas of eight images and more, or with SyncBN, have no warning', () => {
  expect(warningsOf(changed({ replicas: 'on', 'replicas.count': '8', 'data.batch': '64' }))).toEqual([]);
  expect(warningsOf(changed({ replicas: 'on', 'replicas.count': '8', 'data.batch': '16', 'sync-bn': 'on' }))).toEqual(
    [],
  );
});

test('a model without batch norm has nothing for replicas and SyncBN to do', () => {
  const run = surroundingsOf(changed({ replicas: 'on', 'data.batch': '4' }));
  const said = (id: string, batchNorm: boolean) => {
    const trick = tricks.find((candidate) => candidate.id === id);
    return trick?.warn?.(defaultOptions(trick), { ...run, model: { ...run.model, batchNorm } });
  };
  expect(said('replicas', true)).toEqual([expect.stringContaining('2 images per replica')]);
  expect(said('replicas', false)).toEqual(['The model has no batch norm: replicas change nothing.']);
  expect(said('sync-bn', true)).toEqual([]);
  expect(said('sync-bn', false)).toEqual(['The model has no batch norm: nothing changes.']);
  expect(said('zero-gamma', false)).toEqual([]);
});

test('whatever a part warns of is a sentence, and nothing is said of what is not chosen', () => {
  fc.assert(
    fc.property(experimentArbitrary, (experiment) => {
      for (const { part, message } of warningsOf(experiment)) {
        expect(isChosen(experiment, part)).toBe(true);
        expect(message).toMatch(/^[A-Z].*[.]$/);
        expect(message).not.toMatch(/NaN|undefined|Infinity/);
      }
    }),
    { numRuns: 200 },
  );
});
