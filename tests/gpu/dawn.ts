/** Gives Node the WebGPU of the npm package webgpu (Dawn, Chromium's own) on Mesa's llvmpipe, where tests expect the browser's. */
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);
const gpu = create([]);
const adapter = await gpu.requestAdapter();
// A loader that finds no driver for the path it was given falls back to nothing, or to another one.
if (!adapter?.info.description.includes('llvmpipe'))
  throw new Error(`Dawn found ${adapter ? `the adapter ${adapter.info.description}` : 'no adapter'}, not llvmpipe.`);
Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
