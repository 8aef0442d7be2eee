import { expect, it } from 'vitest';
import type { EvalMetrics, UpdateMetrics } from '../../../src/core/results';
import { watchDivergence } from '../../../src/runs/divergence';

const step = (epoch: number, loss: number) => ({ epoch, loss }) as UpdateMetrics;
const evaluation = (loss: number) => ({ loss, split: 'validation' }) as EvalMetrics;

/** What is said of losses that come every tenth of an epoch. */
const heard = (classes: number, losses: readonly number[]) => {
  const watch = watchDivergence(classes);
  return losses.map((loss, i) => watch.update(step(i / 10, loss)));
};

it('is said once, after a whole epoch above ten times the loss of guessing', () => {
  // 10 ln 10 = 23.03
  const words = heard(10, Array(40).fill(23.1));
  expect(words.findIndex((said) => said !== undefined)).toBe(10);
  expect(words.filter((said) => said !== undefined)).toHaveLength(1);
  expect(words[10]).toMatch(/above 23\.03, 10 times that of guessing.+learning rate is too high.+warmup/);
});

it('is not said of losses that come down in between, or are no larger', () => {
  const spikes = Array.from({ length: 60 }, (_, i) => (i % 9 === 0 ? 2 : 900));
  expect(heard(10, spikes).filter(Boolean)).toEqual([]);
  expect(heard(10, Array(40).fill(23)).filter(Boolean)).toEqual([]);
  expect(heard(1000, Array(40).fill(60)).filter(Boolean)).toEqual([]);
});

it('is said of a validation loss that no network has, and of none that is not finite: that has words of its own', () => {
  const watch = watchDivergence(10);
  expect(watch.evaluated(evaluation(999))).toBeUndefined();
  expect(watch.evaluated(evaluation(Number.NaN))).toBeUndefined();
  expect(watch.evaluated(evaluation(Number.POSITIVE_INFINITY))).toBeUndefined();
  expect(watch.evaluated(evaluation(1.806e29))).toContain('1.81e+29');
  expect(watch.evaluated(evaluation(2e29))).toBeUndefined();
});
