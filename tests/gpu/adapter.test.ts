import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { measureFlops, openBackend } from '../../src/engine';
import { listener, openGpu, relativeDifference, takeErrors } from '../support/gpu';

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

it('reports GPU errors that nothing else carries, so that a test that makes one fails', async () => {
  const { device } = tf.backend() as WebGPUBackend;
  device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
  await device.queue.onSubmittedWorkDone();
  const found: string[] = [];
  await expect.poll(() => found.push(...takeErrors())).toBe(1);
  expect(found[0]).toMatch(/^GPU error: /);
});

it('opens the CPU when asked to, says why, and WebGPU again', async () => {
  const adapter = await openBackend(listener, 'cpu');
  expect(adapter).toMatchObject({ backend: 'cpu', software: true });
  expect(adapter.fallbackReason).toContain('webgpu');
  expect((await openBackend(listener)).backend).toBe('webgpu');
});
