/** A weight decay that moves: both engines take the one of each update. The fixtures of optimizers.test.ts hold it still. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { OptimizerPlan, UpdateRule } from '../../src/core/optimizer';
import { gpu } from '../../src/engine/gpu/dispatch';
import { ParameterArena } from '../../src/engine/optimizer';
import { createOptimizer } from '../../src/engine/reference/optimizer';
import { filled, openGpu } from '../support/gpu';

await openGpu();

const rules: UpdateRule[] = [
  { kind: 'sgd', momentum: 0.9, nesterov: true },
  { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
  { kind: 'lars', momentum: 0.9, nesterov: false, eta: 0.01, eps: 1e-8, clip: false },
  { kind: 'lars', momentum: 0.9, nesterov: false, eta: 0.01, eps: 1e-8, clip: true },
];
const LR = 0.1;
const moving = [0.5, 0.25, 0];
const still = [0.5, 0.5, 0.5];

/** A weight [4, 8] after an update for each weight decay. */
async function trained(rule: UpdateRule, engine: 'fused' | 'reference', decays: readonly number[]) {
  const variable = tf.variable(filled('w', [4, 8]));
  const trainable = () => [{ name: 'w', variable, dimensions: 2 }];
  const plan: OptimizerPlan = { rule, weightDecay: 0.5, decayVectors: false };
  const arena = engine === 'fused' ? new ParameterArena({ trainable, buffers: () => [] }, plan, false) : undefined;
  const optimizer = engine === 'reference' ? createOptimizer(trainable, plan) : undefined;
  for (const [i, weightDecay] of decays.entries()) {
    const w = filled(`g${i}`, [4, 8]);
    arena?.gather({ w });
    arena?.begin(LR, weightDecay);
    arena?.update();
    optimizer?.update({ w }, LR, weightDecay);
  }
  const values = await gpu().read(variable);
  arena?.dispose();
  optimizer?.dispose();
  return values;
}

describe.each(rules)('$kind, clip $clip', (rule) => {
  it('decays each update by its own share, in both engines alike', async () => {
    const fused = await trained(rule, 'fused', moving);
    expect(fused).toBeClose(await trained(rule, 'reference', moving), 1e-6);
    expect(fused).not.toBeClose(await trained(rule, 'fused', still), 1e-4);
  });
});

it('without momentum it is g + wd w, with the decay of the update', async () => {
  const rule: UpdateRule = { kind: 'sgd', momentum: 0, nesterov: false };
  const [w, ...gradients] = await Promise.all(
    ['w', 'g0', 'g1', 'g2'].map(async (name) => Float64Array.from(await filled(name, [4, 8]).data())),
  );
  const expected = (w as Float64Array).map((start, i) =>
    moving.reduce((value, decay, n) => value - LR * ((gradients[n]?.[i] as number) + decay * value), start),
  );
  expect(await trained(rule, 'fused', moving)).toBeClose(expected, 1e-6);
});
