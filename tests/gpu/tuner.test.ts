/** Every variant of a kernel gives the same bits, and the tuner keeps what it measured. */
import { describe, expect, it } from 'vitest';
import { gpu } from '../../src/engine/gpu/dispatch';
import { tuner } from '../../src/engine/gpu/tuner';
import { keepChoices, readChoices } from '../../src/engine/gpu/tuner-store';
import { filterTiles, pixelTiles } from '../../src/engine/kernels/conv/variants';
import { bits, differing } from '../support/convolution-bits';
import { openGpu } from '../support/gpu';

await openGpu();

describe('variants', () => {
  it.each([
    ['3x3', [2, 9, 8, 32], 64, 3, 1],
    ['3x3 with stride 2', [2, 9, 10, 16], 32, 3, 2],
    ['3x3 of odd channels', [3, 7, 5, 7], 5, 3, 1],
    ['3x3 over one column', [2, 40, 1, 8], 8, 3, 1],
    ['1x1 over one channel tile and a bit', [3, 6, 6, 20], 40, 1, 1],
  ] as const)('give the same bits whatever is chosen: %s', async (_name, input, out, kernel, stride) => {
    const shape = [...input];
    const expected = await bits(shape, out, kernel, stride);
    const keys = tuner()
      .untried()
      .filter((key) => key.includes(` ${shape.join('x')} `));
    expect(keys).toHaveLength(3);
    // A software adapter is offered no variant that takes it long to compile.
    const large = !gpu().software;
    const tiles = [
      ...pixelTiles(1e6, 16, { vec4: true, large }),
      ...filterTiles(16, 16, { vec4: true, large, tapRows: true }),
    ];
    const names = new Set(tiles.map(({ name }) => name));
    expect(names.has('shared')).toBe(large);
    for (const name of names) {
      tuner().recall(keys.map((key) => [key, name] as const));
      expect(differing(await bits(shape, out, kernel, stride), expected), name).toBe(0);
    }
  });
});

describe('the tuner', () => {
  it('measures the shapes it met, chooses among their variants, and then has none left', async () => {
    await bits([4, 8, 8, 16], 16, 3, 1);
    expect(tuner().untried().length).toBeGreaterThan(0);
    const steps: number[] = [];
    await tuner().tune(60_000, (done) => steps.push(done));
    expect(steps.at(-1)).toBe(steps.length);
    expect(tuner().untried()).toEqual([]);
    const choice = [...tuner().chosen()].find(([key]) => key.startsWith('conv-forward 4x8x8x16 '));
    expect(pixelTiles(256, 4, { vec4: true, large: true }).map(({ name }) => name)).toContain(choice?.[1]);
  });

  it('says how the kernels of some work are run, and whether that was measured', async () => {
    const convolve = (channels: number) => () => bits([2, 6, 6, channels], 20, 3, 1);
    await convolve(12)();
    await tuner().tune(60_000);
    const { result, variants } = tuner().collect(convolve(12));
    await result;
    expect(variants.map(({ kernel }) => kernel)).toEqual([
      'conv-forward',
      'conv-input-gradient',
      'conv-filter-gradient',
    ]);
    expect(variants.map(({ shape }) => shape)).toEqual(Array(3).fill('2x6x6x12 to 2x6x6x20 k3 s1 p1'));
    expect(variants.map(({ untried }) => untried)).toEqual([false, false, false]);
    expect(variants[0]?.variant).toBe(tuner().chosen().get('conv-forward 2x6x6x12 to 2x6x6x20 k3 s1 p1'));
    // Other work, not measured; a kernel that has one variant for it has nothing to try.
    const other = tuner().collect(convolve(8));
    await other.result;
    expect(other.variants.filter(({ untried }) => untried).map(({ kernel, shape }) => `${kernel} ${shape}`)).toEqual(
      tuner().untried(),
    );
    expect(other.variants[0]?.untried).toBe(true);
  });

  it('stops when its time is over and goes on next time', async () => {
    await bits([2, 5, 5, 8], 12, 3, 1);
    const met = tuner().untried();
    await tuner().tune(-1);
    expect(tuner().untried()).toEqual(met);
  });

  it('keeps its choices by adapter', async () => {
    await keepChoices('some adapter', new Map([['a kernel', '4x2']]));
    expect(await readChoices('some adapter')).toEqual([['a kernel', '4x2']]);
    expect(await readChoices('another adapter')).toEqual([]);
  });
});
