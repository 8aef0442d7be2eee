/**
 * What every test of the engine starts from: an open backend, the GPU's errors as failures of the test that made them, inputs that
 * are the same everywhere, and one way to say that numbers are close.
 */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect } from 'vitest';
import type { AdapterSummary } from '../../src/core/results';
import { openBackend } from '../../src/engine';
import { values } from '../fixtures/models/reference';

const errors: string[] = [];
const note = (message: string) => {
  errors.push(message);
};

/** For a test that opens a backend itself. */
export const listener = { onError: note, onLost: note };

/** The GPU's errors since the last test, which count no longer: for a test that provokes them. */
export const takeErrors = (): string[] => errors.splice(0);

/** Opens WebGPU for the tests of a file, each of which fails if the GPU reports an error. Call it once, at the top. */
export async function openGpu(): Promise<AdapterSummary> {
  const adapter = await openBackend(listener);
  expect(adapter).toMatchObject({ backend: 'webgpu', fallbackReason: '' });
  afterEach(() => expect(takeErrors()).toEqual([]));
  return adapter;
}

/** A tensor of numbers in [-1, 1) that follow from its name; f32 holds them exactly. */
export const filled = (name: string, shape: number[]): tf.Tensor =>
  tf.tensor(Float32Array.from(values(name, tf.util.sizeFromShape(shape))), shape);

export const largest = (numbers: ArrayLike<number>): number =>
  Array.from(numbers).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Largest difference, as a share of the largest expected magnitude; NaN if one of them is, or a number is missing. */
export function relativeDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.NaN;
  const differences = Array.from(expected, (value, i) => (actual[i] as number) - value);
  return largest(differences) / Math.max(largest(expected), Number.MIN_VALUE);
}

declare module 'vitest' {
  interface Matchers {
    /** Numbers whose largest difference is below the tolerance, a share of the largest expected magnitude. */
    toBeClose(expected: ArrayLike<number>, tolerance: number): void;
  }
}

expect.extend({
  toBeClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
    const difference = relativeDifference(actual, expected);
    return {
      pass: difference < tolerance,
      message: () =>
        `${actual.length} numbers differ by ${difference} of ${largest(expected)}; ${tolerance} is allowed`,
    };
  },
});
