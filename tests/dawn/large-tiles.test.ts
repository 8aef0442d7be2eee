/**
 * The variants that only GPUs are offered (eight pixels a thread, tiles in workgroup memory), on an adapter that compiles them in
 * seconds: the same bits as all others.
 */
import { beforeAll, expect, it } from 'vitest';
import { gpu } from '../../src/engine/gpu/dispatch';
import type { Kernel } from '../../src/engine/gpu/kernel';
import { filterTiles, pixelTiles } from '../../src/engine/ops/conv/variants';
import { bits, differing } from '../support/convolution-bits';
import { openGpu } from '../support/gpu';

await openGpu();
/** Families that ran. */
const kernels = new Set<string>();
beforeAll(() => {
  // As if it were a GPU.
  const device = gpu();
  const dispatch = device.dispatch.bind(device);
  Object.assign(device, {
    software: false,
    dispatch(kernel: Kernel, call: Parameters<typeof dispatch>[1]) {
      kernels.add(kernel.name);
      dispatch(kernel, call);
    },
  });
});

/** All that a GPU is offered; a kernel takes a name that it does not know for its first variant. */
const offer = { vec4: true, large: true, tapRows: true };
const names = new Set([...pixelTiles(1e6, 16, offer), ...filterTiles(16, 16, offer)].map(({ name }) => name));

it.each([
  ['3x3', [2, 9, 8, 32], 64, 3, 1],
  ['3x3 with stride 2', [2, 9, 10, 32], 64, 3, 2],
  ['1x1 over one channel tile and a bit', [3, 6, 6, 36], 72, 1, 1],
  ['3x3 over more pixels than a slice has', [3, 17, 19, 68], 32, 3, 1],
] as const)('large tiles give the same bits as small ones: %s', async (_name, input, out, kernel, stride) => {
  const shape = [...input];
  const expected = await bits(shape, out, kernel, stride);
  const keys = gpu()
    .tuner.untried()
    .filter((key) => key.includes(` ${shape.join('x')} `));
  expect(keys).toHaveLength(3);
  expect([...names]).toEqual(expect.arrayContaining(['2x4', '8x1', '8x2', 'shared']));
  for (const name of names) {
    gpu().tuner.recall(keys.map((key) => [key, name] as const));
    expect(differing(await bits(shape, out, kernel, stride), expected), name).toBe(0);
  }
});

it('were all run', () => {
  for (const pass of ['forward', 'input-gradient', 'filter-gradient']) expect(kernels).toContain(`conv-${pass}-shared`);
  expect(kernels).toContain('conv-filter-gradient-row');
});
