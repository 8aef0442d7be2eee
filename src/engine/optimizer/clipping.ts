/** Clipping by the norm of all gradients together (Pascanu et al. 2013, arXiv 1211.5063). */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { gpu } from '../gpu/dispatch';
import { kernelOf } from '../gpu/kernel';
import { WORKGROUP } from '../gpu/wgsl';
import clipText from './clip.wgsl?raw';
import squaresText from './squares.wgsl?raw';

const squaresKernel = kernelOf({
  name: 'squares',
  body: squaresText,
  tensors: { g: 'read vec4f', partial: 'write f32' },
  uniforms: { size: 'u32', threads: 'u32' },
});

const clipKernel = kernelOf({
  name: 'clip',
  body: clipText,
  tensors: { partial: 'read f32', factor: 'write f32' },
  uniforms: { count: 'u32', limit: 'f32' },
});

/** Threads that fill a large GPU once. A constant, so that every adapter adds up in the same order. */
const THREADS = 16384;

/** [1]: what to multiply gradients of `size` vec4 with, so that their norm is at most the limit. The caller releases it. */
export function clipFactor(gradients: TensorInfo, size: number, limit: number): TensorInfo {
  const device = gpu();
  const threads = Math.min(THREADS, size);
  const partial = device.empty([threads]);
  device.dispatch(squaresKernel, {
    tensors: { g: gradients, partial },
    uniforms: { size, threads },
    constants: {},
    threads,
  });
  const factor = device.empty([1]);
  device.dispatch(clipKernel, {
    tensors: { partial, factor },
    uniforms: { count: threads, limit },
    constants: {},
    threads: WORKGROUP,
  });
  device.release(partial);
  return factor;
}
