/** The tuner keeps what it measured; ops.test.ts holds all variants to the same bits. */
import { describe, expect, it } from 'vitest';
import { gpu } from '../../src/engine/gpu/dispatch';
import { keepChoices, readChoices } from '../../src/engine/gpu/tuner-store';
import { filterTiles, pixelTiles } from '../../src/engine/ops/conv/variants';
import { bits } from '../support/convolution-bits';
import { openGpu } from '../support/gpu';

await openGpu();

it('a software adapter is offered no variant that takes it long to compile', () => {
  expect(gpu().software).toBe(true);
  const names = [
    ...pixelTiles(1e6, 16, { vec4: true, large: false }),
    ...filterTiles(16, 16, { vec4: true, large: false, tapRows: true }),
  ].map(({ name }) => name);
  expect(names).not.toContain('shared');
});

describe('the tuner', () => {
  it('measures the shapes it met, chooses among their variants, and then has none left', async () => {
    await bits([4, 8, 8, 16], 16, 3, 1);
    expect(gpu().tuner.untried().length).toBeGreaterThan(0);
    const steps: number[] = [];
    await gpu().tuner.tune(60_000, (done) => steps.push(done));
    expect(steps.at(-1)).toBe(steps.length);
    expect(gpu().tuner.untried()).toEqual([]);
    const choice = [...gpu().tuner.chosen()].find(([key]) => key.startsWith('conv-forward 4x8x8x16 '));
    expect(pixelTiles(256, 4, { vec4: true, large: true }).map(({ name }) => name)).toContain(choice?.[1]);
  });

  it('says how the kernels of some work are run, and whether that was measured', async () => {
    const convolve = (channels: number) => () => bits([2, 6, 6, channels], 20, 3, 1);
    await convolve(12)();
    await gpu().tuner.tune(60_000);
    const { result, variants } = gpu().tuner.collect(convolve(12));
    await result;
    expect(variants.map(({ kernel }) => kernel)).toEqual([
      'conv-forward',
      'conv-input-gradient',
      'conv-filter-gradient',
    ]);
    expect(variants.map(({ shape }) => shape)).toEqual(Array(3).fill('2x6x6x12 to 2x6x6x20 k3 s1 p1'));
    expect(variants.map(({ untried }) => untried)).toEqual([false, false, false]);
    expect(variants[0]?.variant).toBe(gpu().tuner.chosen().get('conv-forward 2x6x6x12 to 2x6x6x20 k3 s1 p1'));
    // Other work, not measured; a kernel that has one variant for it has nothing to try.
    const other = gpu().tuner.collect(convolve(8));
    await other.result;
    expect(other.variants.filter(({ untried }) => untried).map(({ kernel, shape }) => `${kernel} ${shape}`)).toEqual(
      gpu().tuner.untried(),
    );
    expect(other.variants[0]?.untried).toBe(true);
  });

  it('stops when its time is over and goes on next time', async () => {
    await bits([2, 5, 5, 8], 12, 3, 1);
    const met = gpu().tuner.untried();
    await gpu().tuner.tune(-1);
    expect(gpu().tuner.untried()).toEqual(met);
  });

  it('keeps its choices by adapter', async () => {
    await keepChoices('some adapter', new Map([['a kernel', '4x2']]));
    expect(await readChoices('some adapter')).toEqual([['a kernel', '4x2']]);
    expect(await readChoices('another adapter')).toEqual([]);
  });
});
