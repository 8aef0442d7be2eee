/**
 * What every op of the registry promises, over all its cases: kernels = reference = definition in fp64, gradients = finite differences
 * of that definition, f16 within its rounding, all variants the same bits, nothing left behind. An op without kernels is held to the
 * same; one without cases fails.
 */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { hashName, rng } from '../../src/core/rng';
import { type Shape, sizeOf } from '../../src/core/shape';
import { type Engine, engineOf } from '../../src/engine';
import { gpu } from '../../src/engine/gpu/dispatch';
import type { Variant } from '../../src/engine/gpu/variants';
import { ops } from '../../src/engine/ops';
import type { Array64 } from '../../src/engine/ops/array64';
import type { Filling, Op } from '../../src/engine/ops/define';
import { values } from '../fixtures/models/reference';
import { openGpu, relativeDifference } from '../support/gpu';
import { toFull, toHalf } from '../support/half';

const { features } = await openGpu();

/** Sums of f32 in another order differ by about 1e-6 of the largest value; cancellation in the norms loses a digit. */
const OF_REFERENCE = 2e-5;
/** Measured: 2e-7 forward, 7e-7 for gradients; differences in fp64 with this step are good to about 1e-9. */
const OF_FLOAT64 = 1e-5;
const STEP = 1e-5;
/** Derivatives taken per input; smaller inputs are checked whole. */
const SAMPLES = 30;
/**
 * f16 keeps 11 bits: what a kernel stores is off by 2^-12 of itself, and a gradient that reads a stored output again by as much
 * more. Room for both, and none for a sum in f16 or a misread tensor.
 */
const OF_HALF = 2.5e-3;

type Numbers = Readonly<Record<string, Array64>>;
type Tensors = Readonly<Record<string, tf.Tensor>>;

/** f16 holds them exactly, so that both precisions compute from the same. */
const exact = (value: number) => Math.round(value * 256) / 256;

/** Numbers of a filling, at least 1/64 away from the kinks of functions where it says so. */
function fill(filling: Filling, name: string, shape: Shape, classes: number): Float64Array {
  const size = sizeOf(shape);
  const numbers = () => Float64Array.from(values(name, size), exact);
  switch (filling) {
    case 'numbers':
      return numbers();
    case 'wide':
      return numbers().map((value) => {
        const wide = 4 * value;
        const kink = [-3, 0, 3].find((at) => Math.abs(wide - at) < 1 / 64);
        return kink === undefined ? wide : kink + 1 / 32;
      });
    case 'distinct':
      return Float64Array.from(rng(1, name).permutation(size), (rank) => rank / 256 - 0.5);
    case 'positive':
      return numbers().map((value) => 0.25 + Math.abs(value));
    case 'shares': {
      // Class 0 gets what the others leave, so that f32 rows sum to 1.
      const shares = numbers().map((value) => (1 + value) / (2 * classes));
      for (let row = 0; row < size; row += classes)
        shares[row] = 1 - shares.subarray(row + 1, row + classes).reduce((sum, share) => sum + share, 0);
      return shares;
    }
    case 'labels':
      return Float64Array.from({ length: size }, (_, i) => (3 * i + 1) % classes);
    case 'counter':
      return Float64Array.of(5);
  }
}

/** Inputs of a case, in the order of the declaration. */
function numbersOf(op: Op, inputs: Readonly<Record<string, Shape>>): Numbers {
  const classes = Object.values(inputs)[0]?.at(-1) ?? 1;
  const given = Object.keys(op.inputs).filter((name) => inputs[name]);
  return Object.fromEntries(
    given.map((name) => {
      const shape = inputs[name] as Shape;
      return [name, { shape, data: fill(op.fillings?.[name] ?? 'numbers', `${op.name} ${name}`, shape, classes) }];
    }),
  );
}

const roleOf = (op: Op, name: string) => op.inputs[name]?.replace('?', '');

/** Whole numbers are int32, states variables. */
function tensorsOf(op: Op, numbers: Numbers): Tensors {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, { shape, data }]) => {
      const whole = op.fillings?.[name] === 'labels' || op.fillings?.[name] === 'counter';
      const tensor = tf.tensor(whole ? Int32Array.from(data) : Float32Array.from(data), [...shape]);
      if (roleOf(op, name) !== 'state') return [name, tensor];
      const variable = tf.variable(tensor, false);
      tensor.dispose();
      return [name, variable];
    }),
  );
}

/** Inputs that have gradients. */
const learned = (op: Op, numbers: Numbers) =>
  Object.keys(numbers).filter((name) => ['activation', 'parameter'].includes(roleOf(op, name) as string));

interface Result {
  outputs: Record<string, Float32Array>;
  gradients: Record<string, Float32Array>;
  /** Running statistics after one pass. */
  states: Record<string, Float32Array>;
}

const dyOf = (op: Op, shape: Shape) => Float64Array.from(values(`${op.name} dy`, sizeOf(shape)), exact);

const read = async (tensors: Readonly<Record<string, tf.Tensor>>) =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(tensors).map(async ([name, tensor]) => [name, Float32Array.from(await tensor.data())] as const),
    ),
  );

/** Does the op have gradients, and so may be asked for them? Of evaluation alone, its kernels have none. */
const differentiable = (op: Op) => !op.kernels || op.kernels.gradients !== undefined;

/** half: activations lie in memory as f16. */
async function run(engine: Engine, op: Op, numbers: Numbers, attributes: unknown, half = false): Promise<Result> {
  const names = learned(op, numbers);
  const given = tensorsOf(op, numbers);
  const [first] = op.outputs;
  const call = (xs: Tensors): Record<string, tf.Tensor> => {
    const stored = Object.entries(xs).map(([name, x]) => {
      const halved = half && roleOf(op, name) === 'activation';
      return [name, halved ? toHalf(x) : x] as const;
    });
    const outputs = engine.run(op, Object.fromEntries(stored), attributes);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, y]) => [name, half ? toFull(y as tf.Tensor) : (y as tf.Tensor)]),
    );
  };
  const within = <T>(work: () => T) => gpu().halves.within({ half, lossScale: 1 }, work);
  const outputs = within(() => tf.tidy(() => call(given)));
  const moved = Object.entries(given).filter(([name]) => roleOf(op, name) === 'state');
  // Before the second pass moves them again.
  const states = await read(Object.fromEntries(moved));
  const backward = () => {
    const shape = outputs[first]?.shape ?? [];
    const whole = (...xs: tf.Tensor[]) => {
      const replaced = Object.fromEntries(names.map((name, i) => [name, xs[i] as tf.Tensor]));
      return call({ ...given, ...replaced })[first] as tf.Tensor;
    };
    const inputs = names.map((name) => given[name] as tf.Tensor);
    const all = tf.grads(whole)(inputs, tf.tensor(Float32Array.from(dyOf(op, shape)), shape));
    return Object.fromEntries(names.map((name, i) => [name, all[i] as tf.Tensor]));
  };
  const gradients = differentiable(op) ? within(() => tf.tidy(backward)) : {};
  const result = { outputs: await read(outputs), states, gradients: await read(gradients) };
  tf.dispose([outputs, gradients, given]);
  return result;
}

/** Names of what differs by more than the tolerance, with the difference. */
function differing(
  actual: Record<string, Float32Array>,
  expected: Record<string, ArrayLike<number>>,
  tolerance: number,
) {
  const differences = Object.entries(expected).map(
    ([name, numbers]) => [name, relativeDifference(actual[name] ?? [], numbers)] as const,
  );
  return Object.fromEntries(differences.filter(([, difference]) => !(difference < tolerance)));
}

/** Where to differentiate an input: everywhere, or at a fixed sample of its numbers. */
function sampleOf(size: number): number[] {
  const all = Array.from({ length: size }, (_, i) => i);
  return size <= SAMPLES ? all : [...rng(2, 'sample', size).permutation(size).slice(0, SAMPLES)];
}

/** Derivatives of sum(dy * y) by the picked numbers of one input. */
function centralDifferences(op: Op, numbers: Numbers, attributes: unknown, name: string, picked: number[]): number[] {
  const dy = dyOf(op, op.float64(numbers, attributes).shape);
  const moved = (i: number, by: number) => {
    const input = numbers[name] as Array64;
    const data = input.data.slice();
    data[i] = (data[i] as number) + by;
    const y = op.float64({ ...numbers, [name]: { shape: input.shape, data } }, attributes);
    return y.data.reduce((sum, value, j) => sum + value * (dy[j] as number), 0);
  };
  return picked.map((i) => (moved(i, STEP) - moved(i, -STEP)) / (2 * STEP));
}

/** Runs work with the tuner choosing the variant of that number, if there is one; true if there was. */
async function withVariant<T>(number: number, work: () => Promise<T>): Promise<{ result: T; chosen: boolean }> {
  const { tuner } = gpu();
  const choose = tuner.choose;
  let chosen = false;
  tuner.choose = <V extends Variant>(_key: string, variants: readonly V[]) => {
    chosen ||= number < variants.length;
    return variants[number] ?? (variants[0] as V);
  };
  try {
    return { result: await work(), chosen };
  } finally {
    tuner.choose = choose;
  }
}

it('the ops have names and cases of their own', () => {
  expect(new Set(ops.map(({ name }) => name)).size).toBe(ops.length);
  expect(ops.filter(({ cases }) => cases.length === 0)).toEqual([]);
});

const fused = engineOf('fused');
const reference = engineOf('reference');

describe.each(ops)('$name', (op) => {
  const cases = op.cases.map(({ name, inputs, attributes }) => ({
    name,
    numbers: numbersOf(op, inputs as Readonly<Record<string, Shape>>),
    attributes,
  }));

  it.each(cases)('is its definition and its derivatives: $name', async ({ numbers, attributes }) => {
    const expected = op.float64(numbers, attributes);
    const shapes = Object.fromEntries(Object.entries(numbers).map(([name, { shape }]) => [name, shape]));
    expect(op.shape(shapes, attributes)).toEqual(expected.shape);
    const before = { ...tf.memory(), used: gpu().pool.numBytesUsed };
    const actual = await run(fused, op, numbers, attributes);
    expect({ tensors: tf.memory().numTensors, used: gpu().pool.numBytesUsed }).toEqual({
      tensors: before.numTensors,
      used: before.used,
    });
    const [first] = op.outputs;
    expect(differing(actual.outputs, { [first]: expected.data }, OF_FLOAT64)).toEqual({});
    if (!differentiable(op)) return;
    for (const name of learned(op, numbers)) {
      const picked = sampleOf((numbers[name] as Array64).data.length);
      const derivatives = centralDifferences(op, numbers, attributes, name, picked);
      const gradient = actual.gradients[name] as Float32Array;
      expect(gradient).toHaveLength((numbers[name] as Array64).data.length);
      expect(
        relativeDifference(
          Float32Array.from(picked, (i) => gradient[i] as number),
          derivatives,
        ),
        name,
      ).toBeLessThan(OF_FLOAT64);
    }
  });

  it.each(cases)('is its reference: $name', async ({ numbers, attributes }) => {
    const expected = await run(reference, op, numbers, attributes);
    const actual = await run(fused, op, numbers, attributes);
    // The reference need not make what only kernels read again.
    expect(differing(actual.outputs, expected.outputs, OF_REFERENCE)).toEqual({});
    expect(differing(actual.gradients, expected.gradients, OF_REFERENCE)).toEqual({});
    expect(differing(actual.states, expected.states, OF_REFERENCE)).toEqual({});
  });

  it.runIf(op.kernels && features.includes('shader-f16')).each(cases)('in half precision: $name', async (one) => {
    const expected = await run(reference, op, one.numbers, one.attributes);
    const actual = await run(fused, op, one.numbers, one.attributes, true);
    expect(differing(actual.outputs, expected.outputs, OF_HALF)).toEqual({});
    expect(differing(actual.gradients, expected.gradients, OF_HALF)).toEqual({});
  });

  it.runIf(op.tuned).each(cases)('has the same bits in all variants: $name', async ({ numbers, attributes }) => {
    const first = await withVariant(0, () => run(fused, op, numbers, attributes));
    for (let number = 1; ; number++) {
      const { result, chosen } = await withVariant(number, () => run(fused, op, numbers, attributes));
      if (!chosen) break;
      expect(result, `variant ${number}`).toEqual(first.result);
    }
  });

  it('takes the same numbers to the same bits', async () => {
    const [{ numbers, attributes }] = cases as [(typeof cases)[number]];
    const digest = async () => hashName(JSON.stringify(await run(fused, op, numbers, attributes)));
    expect(await digest()).toBe(await digest());
  });
});
