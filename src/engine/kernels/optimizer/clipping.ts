/** Clipping by the norm of all gradients together (Pascanu et al. 2013, arXiv 1211.5063). */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { gpu } from '../../gpu/dispatch';
import { WORKGROUP } from '../../gpu/wgsl';
import clipText from './clip.wgsl?raw';
import squaresText from './squares.wgsl?raw';

/** Threads that fill a large GPU once. A constant, so that every adapter adds up in the same order. */
const THREADS = 16384;

/** [1]: what to multiply gradients of `size` vec4 with, so that their norm is at most the limit. The caller releases it. */
export function clipFactor(gradients: TensorInfo, size: number, limit: number): TensorInfo {
  const device = gpu();
  const threads = Math.min(THREADS, size);
  const partial = device.empty([threads]);
  device.dispatch({
    kernel: { name: 'squares', text: squaresText, constants: {} },
    inputs: [gradients],
    outputs: [partial],
    u32: [size, threads],
    threads,
  });
  const factor = device.empty([1]);
  device.dispatch({
    kernel: { name: 'clip', text: clipText, constants: {} },
    inputs: [partial],
    outputs: [factor],
    u32: [threads],
    f32: [limit],
    threads: WORKGROUP,
  });
  device.release(partial);
  return factor;
}
