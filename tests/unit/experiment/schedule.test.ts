import { expect, test } from 'vitest';
import type { OptionValue, Rate } from '../../../src/catalog/define';
import { scheduleOf } from '../../../src/catalog/parts';
import { schedules } from '../../../src/catalog/schedules';
import { planTraining } from '../../../src/experiment/plan';
import { experimentWith } from '../../../src/experiment/schema';
import cases from '../../fixtures/schedules/schedules.json';

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
  /** 'torch', else timm. */
  source?: string;
  milestones?: number[];
  cycles?: number;
  mul?: number;
  decay?: number;
  warmup?: number;
  warmup_lr?: number;
  rates: number[];
}

const BATCH = 8;
const draw = (rate: Rate, updates: number) => Array.from({ length: updates }, (_, update) => rate(update));

const optionsOf: Record<string, (example: Case) => Record<string, OptionValue>> = {
  constant: () => ({}),
  cosine: ({ min_lr = 0, per }) => ({ minLr: min_lr, per }),
  'cosine-restarts': ({ cycles = 1, mul = 1, decay = 1, min_lr = 0, per }) => ({
    cycles,
    mul,
    decay,
    minLr: min_lr,
    per,
  }),
  step: ({ gamma = 1, every = 1 }) => ({ gamma, every }),
  multistep: ({ gamma = 1, milestones = [] }) => ({ gamma, milestones }),
};

test('every schedule of the catalog is held to timm or torch', () => {
  const held = new Set((cases as Case[]).map(({ kind }) => kind));
  for (const { id } of schedules) expect(held).toContain(id);
});

test.each(cases as Case[])("$name gives timm's or torch's learning rates", (example) => {
  const options = Object.entries(optionsOf[example.kind]?.(example) ?? {});
  const experiment = experimentWith({
    schedule: example.kind,
    'sgd.lr': example.lr,
    'data.batch': BATCH,
    'stop.epochs': example.epochs,
    warmup: (example.warmup ?? 0) > 0,
    'warmup.epochs': example.warmup ?? 0,
    'warmup.startLr': example.warmup_lr ?? 0,
    ...Object.fromEntries(options.map(([name, value]) => [`${example.kind}.${name}`, value])),
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

test('restarts fill the run whatever its length, each cycle from its own height to the minimum', () => {
  for (const totalUpdates of [60, 61, 997]) {
    const context = { updatesPerEpoch: 10, totalUpdates, baseLr: 1 };
    const options = { cycles: 4, mul: 1.5, decay: 0.5, minLr: 0.01, per: 'update' as const };
    const rates = draw(scheduleOf('cosine-restarts').rate(options, context), totalUpdates + 3);
    const restarts = rates.flatMap((rate, i) => (i > 0 && rate > (rates[i - 1] as number) ? [i] : []));
    // First cycle: the whole over 1 + 1.5 + 2.25 + 3.375.
    const first = totalUpdates / 8.125;
    expect(restarts).toEqual([1, 2.5, 4.75].map((cycles) => Math.ceil(cycles * first - 1e-9)));
    expect(rates[0]).toBe(1);
    restarts.forEach((update, i) => {
      const height = 0.5 ** (i + 1);
      expect(rates[update]).toBeLessThanOrEqual(height);
      expect(rates[update]).toBeGreaterThan(height * 0.9);
    });
    expect(rates.slice(totalUpdates)).toEqual([0.01, 0.01, 0.01]);
  }
});

test('one cycle of restarts is the cosine', () => {
  const context = { updatesPerEpoch: 7, totalUpdates: 90, baseLr: 0.3 };
  const once = scheduleOf('cosine-restarts').rate(
    { cycles: 1, mul: 2, decay: 0.5, minLr: 0.01, per: 'epoch' },
    context,
  );
  const cosine = scheduleOf('cosine').rate({ minLr: 0.01, per: 'epoch' }, context);
  expect(draw(once, 90)).toEqual(draw(cosine, 90));
});

test('milestones may come in any order', () => {
  const context = { updatesPerEpoch: 4, totalUpdates: 40, baseLr: 1 };
  const rate = (milestones: number[]) => scheduleOf('multistep').rate({ gamma: 0.1, milestones }, context);
  expect(draw(rate([8, 2, 5]), 40)).toEqual(draw(rate([2, 5, 8]), 40));
  expect(scheduleOf('multistep').timm({ gamma: 0.1, milestones: [8, 2, 5] })).toMatchObject({
    args: expect.arrayContaining(['--decay-milestones', '2', '5', '8', '--sched-on-updates']),
  });
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
