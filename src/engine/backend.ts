/**
 * Opens the device that trains: WebGPU on our own GPUDevice, else WebGL, else the CPU.
 * This file, gpu/ and reference/stock-gradients.ts are the border with tfjs internals (pinned at 4.22).
 */

import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import { messageOf } from '../core/message';
import type { AdapterSummary } from '../core/results';
import { DEVICE_LOST, webGlContext } from './device-life';
import { replaceAdd } from './fused';
import { openGpu } from './gpu/dispatch';
import { TimingTuner } from './gpu/tuner';
import { replaceGradients } from './reference/stock-gradients';
import { recallTuning } from './tuning';

export interface BackendListener {
  /** A GPU error that no promise carries (validation, memory): results since then are worthless. */
  onError(message: string): void;
  /** The device is gone; only a new worker can train again. */
  onLost(message: string): void;
}

export type BackendName = AdapterSummary['backend'];

/** What kernels may need, asked for at the adapter's maximum: the default device has a fraction of it. */
const limits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

const features = ['timestamp-query', 'shader-f16', 'subgroups'] as const;

const isSoftware = (description: string) => /swiftshader|llvmpipe|lavapipe|basic render|software/i.test(description);

async function openWebGpu(listen: BackendListener): Promise<AdapterSummary> {
  const gpu = (navigator as { gpu?: GPU }).gpu;
  if (!gpu) throw new Error('this browser has no WebGPU');
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('the browser found no WebGPU adapter');
  const device = await adapter.requestDevice({
    requiredFeatures: features.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(limits.map((limit) => [limit, adapter.limits[limit]])),
  });
  device.addEventListener('uncapturederror', (event) => listen.onError(`GPU error: ${event.error.message}`));
  const { vendor, architecture, description } = adapter.info;
  const software = adapter.info.isFallbackAdapter || isSoftware(`${vendor} ${architecture} ${description}`);
  const backend = new WebGPUBackend(device, adapter.info);
  device.lost.then(() => {
    // Whoever destroyed it: only the device of a backend that was replaced is nobody's loss.
    if (tf.findBackend('webgpu') === backend) listen.onLost(DEVICE_LOST);
  });
  // 0 leaves only the packed matmul. The other choice for long inner dimensions, split-K, adds with atomics (another
  // order every time, so no run could be repeated) and is wrong for a transposed B.
  backend.thresholdToIncreaseWorkgroups = 0;
  openGpu(backend, software, (gpu) => new TimingTuner(gpu));
  replaceAdd();
  tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => backend, 3);
  // Small tensors that happen to be on the CPU would be computed there, with other roundings.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  if (!(await tf.setBackend('webgpu'))) throw new Error('the WebGPU backend did not start');

  const summary: AdapterSummary = {
    backend: 'webgpu',
    vendor,
    architecture,
    description: description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed GPU',
    software,
    features: features.filter((feature) => device.features.has(feature)),
    fallbackReason: '',
  };
  await recallTuning(summary);
  return summary;
}

function webGlRenderer(): string {
  const canvas = typeof OffscreenCanvas === 'undefined' ? document.createElement('canvas') : new OffscreenCanvas(1, 1);
  const gl = canvas.getContext('webgl2') as WebGL2RenderingContext | null;
  const info = gl?.getExtension('WEBGL_debug_renderer_info');
  const renderer = gl?.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  gl?.getExtension('WEBGL_lose_context')?.loseContext();
  return typeof renderer === 'string' ? renderer : 'WebGL';
}

async function openWebGl(listen: BackendListener): Promise<AdapterSummary> {
  await import('@tensorflow/tfjs-backend-webgl');
  if (!(await tf.setBackend('webgl'))) throw new Error('WebGL 2 is not available');
  // Half-float textures would train in 16 bits without saying so.
  if (!tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED')) throw new Error('WebGL has no 32-bit float textures here');
  webGlContext()?.canvas.addEventListener('webglcontextlost', () => listen.onLost(DEVICE_LOST));
  const description = webGlRenderer();
  return {
    backend: 'webgl',
    vendor: '',
    architecture: '',
    description,
    software: isSoftware(description),
    features: [],
    fallbackReason: '',
  };
}

async function openCpu(): Promise<AdapterSummary> {
  await import('@tensorflow/tfjs-backend-cpu');
  if (!(await tf.setBackend('cpu'))) throw new Error('the CPU backend did not start');
  return {
    backend: 'cpu',
    vendor: '',
    architecture: '',
    description: 'CPU, one thread',
    software: true,
    features: [],
    fallbackReason: '',
  };
}

/**
 * Opens the best backend (webgpu, then webgl, then cpu) and makes it the one of all tensors; works in a worker.
 * The summary's fallbackReason says why a better one was not taken. `first` starts the search lower, for tests.
 * Throws when not even the CPU backend starts.
 */
export async function openBackend(listen: BackendListener, first: BackendName = 'webgpu'): Promise<AdapterSummary> {
  replaceGradients();
  const openers: [BackendName, () => Promise<AdapterSummary>][] = [
    ['webgpu', () => openWebGpu(listen)],
    ['webgl', () => openWebGl(listen)],
    ['cpu', openCpu],
  ];
  const start = openers.findIndex(([name]) => name === first);
  const reasons = openers.slice(0, start).map(([name]) => `${name} was not asked for`);
  for (const [name, open] of openers.slice(start)) {
    try {
      const summary = await open();
      await tf.ready();
      return { ...summary, fallbackReason: reasons.join('; ') };
    } catch (error) {
      reasons.push(`${name}: ${messageOf(error)}`);
    }
  }
  throw new Error(`No backend can compute here. ${reasons.join('; ')}.`);
}
