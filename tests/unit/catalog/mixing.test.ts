import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MixPlan } from '../../../src/catalog/define';
import { cutmixBox, mixedTargets, mixPlan } from '../../../src/catalog/mixing';
import { activeTricks } from '../../../src/catalog/tricks';
import { momentOf } from '../../../src/core/moment';
import { experimentWith } from '../../../src/experiment/schema';
import fixture from '../../fixtures/mixing/mixing.json';

const both = activeTricks(experimentWith({ mixup: 'on', cutmix: 'on' }));
const mixupOnly = activeTricks(experimentWith({ mixup: 'on', 'mixup.alpha': '.4' }));
const cutmixOnly = activeTricks(experimentWith({ cutmix: 'on' }));

test.each(fixture.boxes)("the box of lambda $lam at ($cx, $cy) of $size px is timm's", (box) => {
  const { x0, x1, y0, y1 } = box;
  const found = cutmixBox(box.lam, box.cx, box.cy, box.size);
  expect(found.box).toEqual({ x0, x1, y0, y1 });
  expect(found.lambda).toBeCloseTo(box.corrected, 14);
});

test.each(fixture.targets)("targets at lambda $lam and smoothing $smoothing are timm's", (example) => {
  const plan: MixPlan = example.lam === 1 ? { kind: 'none' } : { kind: 'mixup', lambda: example.lam };
  const targets = mixedTargets(example.labels, example.classes, example.smoothing, plan);
  expect(targets.length).toBe(example.targets.length);
  // Both round to float32, in different orders.
  targets.forEach((value, i) => {
    expect(Math.abs(value - (example.targets[i] as number))).toBeLessThan(2e-7);
  });
});

test('every row of targets sums to 1', () => {
  const plan = fc.oneof(
    fc.constant<MixPlan>({ kind: 'none' }),
    fc.double({ min: 0, max: 1, noNaN: true }).map((lambda): MixPlan => ({ kind: 'mixup', lambda })),
  );
  const labels = fc.array(fc.nat(6), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(plan, labels, fc.double({ min: 0, max: 0.9, noNaN: true }), (mix, rows, smoothing) => {
      const targets = mixedTargets(rows, 7, smoothing, mix);
      rows.forEach((_, row) => {
        const sum = targets.subarray(row * 7, row * 7 + 7).reduce((a, b) => a + b, 0);
        expect(Math.abs(sum - 1)).toBeLessThan(1e-6);
      });
    }),
  );
});

test('a label that is no class is refused', () => {
  expect(() => mixedTargets([0, 10], 10, 0, { kind: 'none' })).toThrow('Label 10 is not one of 10 classes.');
  expect(() => mixedTargets([-1], 10, 0, { kind: 'none' })).toThrow('Label -1');
});

const length = { updatesPerEpoch: 5000, totalUpdates: 50_000 };
/** The mix plan of a micro-batch in a run of ten epochs. */
const mixOf = (active: typeof both, seed: number, epoch: number, microBatch: number, size: number) =>
  mixPlan(active, seed, momentOf(length, 1, { epoch, microBatch }), size);

test('a plan depends on seed, epoch and micro-batch alone', () => {
  const at = (seed: number, epoch: number, microBatch: number) => mixOf(both, seed, epoch, microBatch, 32);
  expect(at(1, 2, 3)).toEqual(at(1, 2, 3));
  const others = [at(2, 2, 3), at(1, 3, 3), at(1, 2, 4)];
  for (const other of others) expect(other).not.toEqual(at(1, 2, 3));
  expect(mixOf(activeTricks(experimentWith({})), 1, 2, 3, 32)).toEqual({ kind: 'none' });
});

test('with both on, half of the batches are cut and half are blended', () => {
  const n = 2000;
  let cut = 0;
  for (let microBatch = 0; microBatch < n; microBatch++)
    cut += mixOf(both, 7, 0, microBatch, 32).kind === 'cutmix' ? 1 : 0;
  // Six standard deviations of a fair coin over 2,000 throws: 134. A box without area counts as no mixing, so rather fewer.
  expect(Math.abs(cut - n / 2)).toBeLessThan(134);
});

test('mixup draws lambda from Beta(alpha, alpha)', () => {
  const n = 4000;
  const lambdas = Array.from({ length: n }, (_, microBatch) => {
    const plan = mixOf(mixupOnly, 3, 0, microBatch, 32);
    return plan.kind === 'none' ? 1 : plan.lambda;
  });
  const mean = lambdas.reduce((a, b) => a + b, 0) / n;
  const variance = lambdas.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
  // Beta(.4, .4): mean 1/2, variance 1 / (4 (2 alpha + 1)) = .1389; tolerances of five standard errors or more.
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.03);
  expect(Math.abs(variance - 0.1389)).toBeLessThan(0.008);
});

test('a CutMix box lies in the image and lambda is the share outside it', () => {
  for (let microBatch = 0; microBatch < 500; microBatch++) {
    const plan = mixOf(cutmixOnly, 5, 1, microBatch, 28);
    if (plan.kind === 'none') continue;
    if (plan.kind !== 'cutmix') throw new Error('Only CutMix is on.');
    const { x0, x1, y0, y1 } = plan.box;
    for (const edge of [x0, x1, y0, y1]) expect(edge >= 0 && edge <= 28 && Number.isInteger(edge)).toBe(true);
    expect(plan.lambda).toBeCloseTo(1 - ((x1 - x0) * (y1 - y0)) / 784, 12);
    expect(plan.lambda).toBeLessThan(1);
  }
});
