import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { deviceLives, measureFlops, openBackend } from '../../src/engine';
import { refuseBrokenWebGl, webGlContext } from '../../src/engine/device-life';
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

it('refuses what WebGL computes after an error or without its context, which is zeros', async () => {
  const lost: string[] = [];
  const adapter = await openBackend({ ...listener, onLost: (message) => lost.push(message) }, 'webgl');
  expect(adapter.backend).toBe('webgl');
  const gl = webGlContext();
  if (!gl) throw new Error('there is no WebGL context');
  expect(await tf.add(tf.scalar(1), tf.scalar(2)).data()).toEqual(Float32Array.of(3));
  refuseBrokenWebGl();
  gl.enable(0);
  expect(refuseBrokenWebGl).toThrow('WebGL reported an error (code 1280)');
  refuseBrokenWebGl();
  expect(await deviceLives()).toBe(true);
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  expect(refuseBrokenWebGl).toThrow('The GPU was lost');
  expect(await deviceLives()).toBe(false);
  await expect.poll(() => lost).toEqual([expect.stringContaining('The GPU was lost')]);
});

it('hears of a device that somebody else destroyed, and not of one whose backend was replaced', async () => {
  const lost: string[] = [];
  const listen = { ...listener, onLost: (message: string) => lost.push(message) };
  await openBackend(listen);
  const first = (tf.backend() as WebGPUBackend).device;
  await openBackend(listen);
  const second = (tf.backend() as WebGPUBackend).device;
  expect(await deviceLives()).toBe(true);
  first.destroy();
  await first.lost;
  expect(lost).toEqual([]);
  second.destroy();
  await expect.poll(() => lost).toEqual([expect.stringContaining('The GPU was lost')]);
  expect(await deviceLives()).toBe(false);
});
