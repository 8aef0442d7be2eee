/**
 * A contender in a process of Node's, on the WebGPU of the npm package webgpu (Dawn, Chromium's own): the same code as in the
 * browser's worker, with Dawn where it expects the browser. Its one argument names the contender.
 */
import { create as createDawn, globals } from 'webgpu';
import { type Channel, serve } from '../../platform/calls';
import { type Contender, callsOf } from '../contender';

Object.assign(globalThis, globals);
// jax-js reads the user agent.
const navigator = { gpu: createDawn([]), userAgent: `Node.js/${process.versions.node}` };
Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });

// Only now: tfjs looks for WebGPU as it is loaded.
const contenders: Record<string, () => Promise<Contender>> = {
  ours: async () => (await import('../ours')).createOurs(),
  stock: async () => (await import('../stock/contender')).createStock(),
  jax: async () => (await import('../jax/contender')).createJax(),
};

const parent: Channel = {
  post: (message) => process.send?.(message),
  listen: (heard) => process.on('message', heard),
};

const [, , name = ''] = process.argv;
const create = contenders[name];
if (!create) throw new Error(`There is no contender "${name}".`);
serve(callsOf(await create()), parent);
