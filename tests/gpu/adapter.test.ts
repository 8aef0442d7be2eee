import { expect, it } from 'vitest';
import { measureFlops } from '../../src/engine';
import { openGpu, relativeDifference } from '../support/gpu';

await openGpu();

it('measures the rate of WebGPU', async () => {
  // From a slow CPU adapter to more than any card has.
  const flops = await measureFlops();
  expect(flops).toBeGreaterThan(1e7);
  expect(flops).toBeLessThan(1e15);
});

it('knows numbers that are not close: one missing, one that is no number, one beyond the tolerance', () => {
  expect(relativeDifference([1, 2], [1, 2])).toBe(0);
  expect(relativeDifference([1, 2.5], [1, 2])).toBe(0.25);
  expect(relativeDifference([0], [0])).toBe(0);
  for (const actual of [[1], [1, Number.NaN], [1, 2.01]]) expect(actual).not.toBeClose([1, 2], 0.001);
  expect([1, 2]).not.toBeClose([1, Number.NaN], 0.001);
  expect([1, 2.001]).toBeClose([1, 2], 0.001);
});
