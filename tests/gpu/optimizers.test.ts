/** Update rules, clipping and averages of both engines against torch's and timm's own. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { optimizers } from '../../src/catalog/optimizers';
import { defaultOptions } from '../../src/catalog/parts';
import type { OptimizerPlan } from '../../src/core/optimizer';
import { gpu } from '../../src/engine/gpu/dispatch';
import { ParameterArena } from '../../src/engine/optimizer';
import type { Parameter } from '../../src/engine/parameters';
import { createAverages } from '../../src/engine/reference/averages';
import { createOptimizer } from '../../src/engine/reference/optimizer';
import averages from '../fixtures/optimizers/averages.json';
import updates from '../fixtures/optimizers/updates.json';
import { openGpu } from '../support/gpu';

await openGpu();

type Values = Record<string, number[]>;
type Shapes = Record<string, number[]>;

/** Largest difference over all parameters, as a share of the largest expected magnitude of each. */
function relativeError(got: Record<string, ArrayLike<number>>, expected: Values): number {
  const errorsOf = Object.entries(expected).map(([name, values]) => {
    const scale = Math.max(...values.map(Math.abs));
    return Math.max(...values.map((value, i) => Math.abs((got[name]?.[i] as number) - value))) / scale;
  });
  return Math.max(...errorsOf);
}

const parametersOf = (values: Values, shapes: Shapes): Parameter[] =>
  Object.entries(values).map(([name, numbers]) => {
    const shape = shapes[name] as number[];
    const variable = tf.tidy(() => tf.variable(tf.tensor(numbers, shape)));
    return { name, variable, dimensions: shape.length };
  });

const tensorsOf = (values: Values, shapes: Shapes) =>
  Object.fromEntries(Object.entries(values).map(([name, numbers]) => [name, tf.tensor(numbers, shapes[name])]));

/** Values by name; read past the cache of tfjs, which doesn't know of updates in place. */
async function read(parameters: readonly Parameter[]): Promise<Record<string, Float32Array>> {
  const values = await Promise.all(
    parameters.map(async ({ name, variable }) => [name, await gpu().read(variable)] as const),
  );
  return Object.fromEntries(values);
}

const dispose = (parameters: readonly Parameter[]) => tf.dispose(parameters.map(({ variable }) => variable));

/** What both engines do here: updates from gradients, in their own way. */
interface Optimized {
  update(gradients: Record<string, tf.Tensor>, lr: number): void;
  exchange(): void;
  dispose(): void;
}

const engines: Record<string, (trainable: Parameter[], buffers: Parameter[], plan: OptimizerPlan) => Optimized> = {
  fused(trainable, buffers, plan) {
    const arena = new ParameterArena({ trainable: () => trainable, buffers: () => buffers }, plan, false);
    return {
      update(gradients, lr) {
        arena.gather(gradients);
        arena.begin(lr);
        arena.update();
      },
      exchange: () => arena.exchangeAverages(),
      dispose: () => arena.dispose(),
    };
  },
  reference(trainable, buffers, plan) {
    const optimizer = createOptimizer(() => trainable, plan);
    const kept =
      plan.averaging && createAverages({ trainable: () => trainable, buffers: () => buffers }, plan.averaging);
    return {
      update(gradients, lr) {
        optimizer.update(gradients, lr);
        kept?.update();
      },
      exchange: () => kept?.exchange(),
      dispose() {
        optimizer.dispose();
        kept?.dispose();
      },
    };
  },
};

const { start, shapes, gradients, rates } = updates as {
  start: Values;
  shapes: Shapes;
  gradients: Values[];
  rates: number[];
};

async function end(engine: string, plan: OptimizerPlan): Promise<Record<string, Float32Array>> {
  const parameters = parametersOf(start, shapes);
  const optimizer = engines[engine]?.(parameters, [], plan) as Optimized;
  for (const [i, step] of gradients.entries()) {
    const given = tensorsOf(step, shapes);
    optimizer.update(given, rates[i] as number);
    tf.dispose(given);
  }
  const values = await read(parameters);
  optimizer.dispose();
  dispose(parameters);
  return values;
}

describe.each(Object.keys(engines))('the %s optimizer', (engine) => {
  it.each(updates.cases.map((fixture) => ({ ...fixture, says: JSON.stringify(fixture.plan) })))(
    'ends four updates where torch and timm do: $says',
    async ({ plan, end: expected }) => {
      const tensors = tf.memory().numTensors;
      const bytes = gpu().pool.liveBytes;
      const got = await end(engine, plan as OptimizerPlan);
      // f32 with other roundings, over four updates: a few units in the last place.
      expect(relativeError(got, expected)).toBeLessThan(1e-6);
      gpu().flush();
      expect(tf.memory().numTensors).toBe(tensors);
      expect(gpu().pool.liveBytes).toBe(bytes);
    },
  );

  it('clips nothing, and changes no bit, where the limit is never reached', async () => {
    const plan: OptimizerPlan = {
      rule: { kind: 'sgd', momentum: 0.9, nesterov: true },
      weightDecay: 0.01,
      decayVectors: false,
    };
    expect(await end(engine, { ...plan, clipNorm: 1000 })).toEqual(await end(engine, plan));
  });

  it.each(averages.series.map((series) => ({ ...series, says: JSON.stringify(series.averaging) })))(
    "averages weights and running statistics as timm's ModelEmaV3: $says",
    async ({ averaging, values, averages: expected }) => {
      const trained = (name: string) => /weight|bias/.test(name);
      const parameters = parametersOf(values[0] as Values, averages.shapes as Shapes);
      const trainable = parameters.filter(({ name }) => trained(name));
      const buffers = parameters.filter(({ name }) => !trained(name));
      expect(buffers).toHaveLength(2);
      const plan: OptimizerPlan = {
        rule: { kind: 'sgd', momentum: 0, nesterov: false },
        weightDecay: 0,
        decayVectors: true,
        averaging,
      };
      const optimizer = engines[engine]?.(trainable, buffers, plan) as Optimized;
      for (const [i, step] of values.entries()) {
        const given = tensorsOf(step as Values, averages.shapes as Shapes);
        // A rate of 0 keeps the values that are put here.
        for (const { name, variable } of parameters) {
          if (engine === 'fused') gpu().copy(given[name] as tf.Tensor, variable);
          else variable.assign(given[name] as tf.Tensor);
        }
        optimizer.update(given, 0);
        tf.dispose(given);
        const before = await read(parameters);
        optimizer.exchange();
        // One rounding of a sum of two products.
        expect(relativeError(await read(parameters), expected[i] as Values)).toBeLessThan(1e-6);
        optimizer.exchange();
        expect(await read(parameters)).toEqual(before);
      }
      optimizer.dispose();
      dispose(parameters);
    },
  );
});

describe('an update of the arena', () => {
  // LARS needs its trust ratios first; every other rule is one dispatch.
  const plans = optimizers.map((optimizer) => ({
    id: optimizer.id,
    plan: { ...optimizer.plan(defaultOptions(optimizer)), weightDecay: 0.01, decayVectors: false },
    expected: optimizer.id === 'lars' ? 3 : 1,
  }));

  it.each(plans)('of $id takes as many dispatches for a hundred layers as for two', async ({ plan, expected }) => {
    const dispatches = async (more: Partial<OptimizerPlan>, count: number) => {
      const many = Array.from({ length: count }, (_, i) => [`w${i}`, [i + 1, 2, 3]] as const);
      const parameters = parametersOf(
        Object.fromEntries(many.map(([name, values]) => [name, [...values]])),
        Object.fromEntries(many.map(([name]) => [name, [3, 1]])),
      );
      const arena = new ParameterArena({ trainable: () => parameters, buffers: () => [] }, { ...plan, ...more }, false);
      arena.begin(0.1);
      const before = gpu().counters.dispatches;
      arena.update();
      const counted = gpu().counters.dispatches - before;
      gpu().flush();
      arena.dispose();
      dispose(parameters);
      return counted;
    };
    expect([await dispatches({}, 2), await dispatches({}, 100)]).toEqual([expected, expected]);
    expect(await dispatches({ clipNorm: 1 }, 100)).toBe(expected + 2);
    expect(await dispatches({ averaging: { decay: 0.9, warmup: false } }, 100)).toBe(expected + 1);
  });
});
