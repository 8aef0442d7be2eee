import { expect, it } from 'vitest';
import { expectedFacts, planTraining } from '../../../src/experiment/plan';
import { experimentWith } from '../../../src/experiment/schema';

/** The weight decay at the first update, half-way and behind the last one. */
function decays(keys: Record<string, string>) {
  const experiment = experimentWith({ optimizer: 'adamw', 'adamw.weightDecay': '.04', 'stop.epochs': '4', ...keys });
  const { at, weightDecay } = planTraining(experiment, expectedFacts(experiment));
  return [0, 2, 4].map((epoch) => weightDecay(at(epoch, 0)));
}

it("moves along DINO's half cosine from the optimizer's weight decay to its end", () => {
  const moved = decays({ 'weight-decay-schedule': 'on', 'weight-decay-schedule.end': '10' });
  // .4 + (.04 - .4) (1 + cos(pi p)) / 2 at p = 0, .5, 1.
  expect(moved.map((value) => Number(value.toFixed(12)))).toEqual([0.04, 0.22, 0.4]);
});

it('stays where it is without', () => {
  expect(decays({})).toEqual([0.04, 0.04, 0.04]);
});
