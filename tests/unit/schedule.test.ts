import { expect, test } from 'vitest';
import type { Rate } from '../../src/catalog/define';
import { scheduleOf } from '../../src/catalog/parts';
import { planTraining } from '../../src/experiment/plan';
import { experimentWith } from '../../src/experiment/schema';
import cases from '../fixtures/schedules/schedules.json';

interface Case {
  name: string;
  kind: string;
  lr: number;
  epochs: number;
  upe: number;
  per: string;
  min_lr?: number;
  gamma?: number;
  every?: number;
  warmup?: number;
  warmup_lr?: number;
  rates: number[];
}

const BATCH = 8;
const draw = (rate: Rate, updates: number) => Array.from({ length: updates }, (_, update) => rate(update));

test.each(cases as Case[])("$name gives timm's learning rates", (example) => {
  const experiment = experimentWith({
    schedule: example.kind,
    'sgd.lr': example.lr,
    'data.batch': BATCH,
    'stop.epochs': example.epochs,
    warmup: (example.warmup ?? 0) > 0,
    'warmup.epochs': example.warmup ?? 0,
    'warmup.startLr': example.warmup_lr ?? 0,
    ...(example.kind === 'cosine' ? { 'cosine.minLr': example.min_lr ?? 0, 'cosine.per': example.per } : {}),
    ...(example.kind === 'step' ? { 'step.gamma': example.gamma ?? 1, 'step.every': example.every ?? 1 } : {}),
  });
  const plan = planTraining(experiment, { trainImages: BATCH * example.upe, classes: 10 });
  expect(plan.totalUpdates).toBe(example.rates.length);
  // Same formulas in double precision: only the order of the operations may differ.
  draw(plan.lr, plan.totalUpdates).forEach((lr, update) => {
    expect(Math.abs(lr - (example.rates[update] as number))).toBeLessThan(1e-9);
  });
});

test('the cosine starts at the rate, is half way in the middle and never rises', () => {
  const context = { updatesPerEpoch: 10, totalUpdates: 1000, baseLr: 0.3 };
  const rates = draw(scheduleOf('cosine').rate({ minLr: 0.1, per: 'update' }, context), 1001);
  expect(rates[0]).toBeCloseTo(0.3, 12);
  expect(rates[500]).toBeCloseTo(0.2, 12);
  expect(rates[1000]).toBe(0.1);
  for (let i = 1; i < rates.length; i++) expect(rates[i]).toBeLessThanOrEqual(rates[i - 1] as number);
});

test('warmup may take a part of an epoch and reaches the rate on the update after it', () => {
  const experiment = experimentWith({ 'data.batch': 8, 'stop.epochs': 2, 'warmup.epochs': 0.5, 'sgd.lr': 0.2 });
  const plan = planTraining(experiment, { trainImages: 160, classes: 10 });
  expect(plan.totalUpdates).toBe(40);
  expect(plan.lr(0)).toBe(0);
  expect(plan.lr(5)).toBeCloseTo(0.1, 12);
  expect(plan.lr(10)).toBeCloseTo(0.2, 12);
  expect(plan.lr(39)).toBeLessThan(0.001);
});

test('a warmup longer than the run climbs to the last update, and one of no length does nothing', () => {
  const facts = { trainImages: 160, classes: 10 };
  const base = { 'data.batch': 8, 'stop.epochs': 2, 'sgd.lr': 0.2 };
  const long = planTraining(experimentWith({ ...base, 'warmup.epochs': 50 }), facts);
  const rates = draw(long.lr, 40);
  for (let i = 1; i < rates.length; i++) expect(rates[i]).toBeGreaterThan(rates[i - 1] as number);
  expect(rates[39]).toBeLessThan(0.2);
  const none = planTraining(experimentWith({ ...base, 'warmup.epochs': 0 }), facts);
  const off = planTraining(experimentWith({ ...base, warmup: 'off' }), facts);
  expect(draw(none.lr, 40)).toEqual(draw(off.lr, 40));
});

test('the cap on updates shortens the schedule with the run', () => {
  const experiment = experimentWith({ warmup: 'off', 'stop.epochs': 5, 'stop.steps': 100 });
  const plan = planTraining(experiment, { trainImages: 60000, classes: 10 });
  expect(plan.totalUpdates).toBe(100);
  expect(plan.lr(99)).toBeLessThan(plan.lr(98));
  for (const update of [0, 1, 50, 99]) expect(Number.isFinite(plan.lr(update))).toBe(true);
});
