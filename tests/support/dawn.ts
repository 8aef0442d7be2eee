/** Gives Node the WebGPU of the npm package webgpu (Dawn, Chromium's own) on Mesa's llvmpipe, where tests expect the browser's. */
import * as tf from '@tensorflow/tfjs-core';
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);
const gpu = create([]);
const adapter = await gpu.requestAdapter();
// A loader that can't load the driver it was pointed to finds nothing, or another one.
if (!adapter?.info.description.includes('llvmpipe'))
  throw new Error(`Dawn found ${adapter ? `the adapter ${adapter.info.description}` : 'no adapter'}, not llvmpipe.`);
Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });

// Registers its flags, and itself only where it finds WebGPU.
await import('@tensorflow/tfjs-backend-webgpu');
// The reference's matmul and convolution are tfjs's, whose unrolled tiles LLVM takes seconds to compile, anew for each shape. As
// image to columns and the plain matmul they compile sooner: with an empty cache kernels.test.ts costs 55 s of CPU time, not 120.
tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', 0);
tf.env().set('WEBGPU_CONV_SEPARATE_IM2COL_SHADER', true);
