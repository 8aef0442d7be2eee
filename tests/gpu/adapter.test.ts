import { expect, it } from 'vitest';
import { measureFlops, openBackend } from '../../src/engine';

const fail = (message: string) => {
  throw new Error(message);
};

it('opens WebGPU and measures its rate', async () => {
  const adapter = await openBackend({ onError: fail, onLost: fail });
  expect(adapter).toMatchObject({ backend: 'webgpu', fallbackReason: '' });
  // From a slow CPU adapter to more than any card has.
  const flops = await measureFlops();
  expect(flops).toBeGreaterThan(1e7);
  expect(flops).toBeLessThan(1e15);
});
