/** What RandAugment, AutoAugment and the rarer augmentations plan: frequencies, ranges, and silence where they are off. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImageOp, OptionValues } from '../../../src/catalog/define';
import { defaultOptions } from '../../../src/catalog/parts';
import { activeTricks, tricks } from '../../../src/catalog/tricks';
import { rng } from '../../../src/core/rng';
import { applyOps } from '../../../src/data/augment';
import { planSample } from '../../../src/data/plan';
import erasing from '../../fixtures/image/erasing.json';
import { placeOf, square } from '../../support/sample-context';

const trickOf = (id: string) => {
  const trick = tricks.find((candidate) => candidate.id === id);
  if (!trick?.sample) throw new Error(`There is no augmentation called ${id}.`);
  return trick;
};

/** Plans of `count` samples of 64 x 64 pixels. */
function plans(id: string, options: OptionValues, count: number): ImageOp[][] {
  const trick = trickOf(id);
  const complete = trick.options.parse(options) as OptionValues;
  return Array.from({ length: count }, (_, sample) =>
    (trick.sample as NonNullable<typeof trick.sample>)(complete, {
      ...placeOf(id, 7, 0, sample),
      ...square,
    }),
  );
}

const counts = (ops: readonly ImageOp[]) => {
  const found = new Map<string, number>();
  for (const { op } of ops) found.set(op, (found.get(op) ?? 0) + 1);
  return found;
};
/** Five standard deviations of how often something of probability p happens in n tries. */
const five = (n: number, p: number) => 5 * Math.sqrt(n * p * (1 - p));
const timmArgs = (id: string, options: OptionValues = {}) => {
  const trick = trickOf(id);
  return trick.timm(trick.options.parse(options), { epochs: 10 });
};

describe('RandAugment', () => {
  const n = 6000;

  it("as timm's draws two of 15 operations with replacement, each applied half of the time", () => {
    const drawn = plans('rand-augment', {}, n);
    const applied = [0, 1, 2].map((length) => drawn.filter((ops) => ops.length === length).length);
    [0.25, 0.5, 0.25].forEach((p, i) => {
      expect(Math.abs((applied[i] as number) - n * p)).toBeLessThan(five(n, p));
    });
    const found = counts(drawn.flat());
    expect(found.size).toBe(15);
    for (const count of found.values()) expect(Math.abs(count - n / 15)).toBeLessThan(five(n, 1 / 15));
    expect(drawn.some(([a, b]) => a && b && a.op === b.op)).toBe(true);
  });

  it('draws magnitudes from N(9, .5), cut at 10, and either direction as often', () => {
    const degrees = plans('rand-augment', {}, 4 * n)
      .flat()
      .flatMap((op) => (op.op === 'rotate' ? [op.degrees] : []));
    const magnitudes = degrees.map((value) => Math.abs(value) / 3);
    const within = (low: number, high: number) => magnitudes.filter((m) => m >= low && m < high).length;
    const share = (count: number, p: number) =>
      expect(Math.abs(count - degrees.length * p)).toBeLessThan(five(degrees.length, p));
    share(within(0, 9), 0.5);
    share(within(8.5, 9), 0.3413);
    share(within(9.999999, 11), 0.0228);
    expect(Math.max(...magnitudes)).toBeLessThanOrEqual(10);
    share(degrees.filter((value) => value > 0).length, 0.5);
  });

  it('fills with the mean colour of the dataset and samples bilinearly', () => {
    const [rotation] = plans('rand-augment', {}, 200)
      .flat()
      .filter((op) => op.op === 'rotate');
    expect(rotation).toMatchObject({ fill: [124, 116, 104], resample: 'bilinear' });
  });

  it("as torchvision's applies two of 14 every time, one of which does nothing, at one magnitude", () => {
    const drawn = plans('rand-augment', { variant: 'torchvision', magnitude: 15 }, n);
    const nothing = drawn.filter((ops) => ops.length === 0).length;
    expect(Math.abs(nothing - n / 196)).toBeLessThan(five(n, 1 / 196));
    const found = counts(drawn.flat());
    expect(found.size).toBe(13);
    for (const count of found.values()) expect(Math.abs(count - n / 7)).toBeLessThan(5 * Math.sqrt(n / 7));
    const degrees = drawn.flat().flatMap((op) => (op.op === 'rotate' ? [op.degrees] : []));
    expect(new Set(degrees)).toEqual(new Set([15, -15]));
  });

  it("is said in timm's words", () => {
    expect(timmArgs('rand-augment')).toEqual({
      args: ['--aa', 'rand-m9-mstd0.5-inc1', '--train-interpolation', 'bilinear'],
    });
    expect(timmArgs('rand-augment', { ops: 3, magnitude: 7, p: 1, magnitudeStd: 0 })).toMatchObject({
      args: ['--aa', 'rand-m7-n3-p1-mstd0-inc1', '--train-interpolation', 'bilinear'],
    });
    expect(timmArgs('rand-augment', { variant: 'torchvision' })).toHaveProperty('impossible');
  });
});

describe('AutoAugment', () => {
  it('draws one of 25 pairs and applies each half with its own probability', () => {
    const n = 10_000;
    const drawn = plans('auto-augment', {}, n);
    const found = counts(drawn.flat());
    const often: Record<string, number> = {
      // Sums of the probabilities in the paper's table 9, over 25 pairs.
      posterize: 2.8,
      rotate: 3.6,
      solarize: 3.6,
      autocontrast: 1.2,
      equalize: 12.4,
      saturation: 4.2,
      contrast: 2,
      invert: 1.8,
      sharpness: 0.4,
      'shear-x': 0.6,
    };
    expect([...found.keys()].sort()).toEqual(Object.keys(often).sort());
    for (const [op, sum] of Object.entries(often)) {
      const expected = (n * sum) / 25;
      // A pair may hold the operation twice, so the variance is at most twice the mean.
      expect(Math.abs((found.get(op) ?? 0) - expected), op).toBeLessThan(5 * Math.sqrt(2 * expected));
    }
    const degrees = drawn.flat().flatMap((op) => (op.op === 'rotate' ? [Math.abs(op.degrees)] : []));
    expect([...new Set(degrees)].sort((a, b) => a - b)).toEqual([9, 24, 27]);
    expect(timmArgs('auto-augment', { magnitudeStd: 0.5 })).toMatchObject({
      args: ['--aa', 'original-mstd0.5', '--train-interpolation', 'bilinear'],
    });
  });
});

describe('the simple ones', () => {
  it.each(['grayscale', 'gaussian-blur'])('%s acts with its probability', (id) => {
    const acted = (p: number) => plans(id, { p }, 2000).filter((ops) => ops.length === 1).length;
    expect([acted(0), acted(1)]).toEqual([0, 2000]);
    expect(Math.abs(acted(0.3) - 600)).toBeLessThan(five(2000, 0.3));
  });

  it('blur is between .1 and 2 pixels wide, every width as likely', () => {
    const sigmas = plans('gaussian-blur', { p: 1 }, 2000).flatMap(([op]) =>
      op?.op === 'gaussian-blur' ? [op.sigma] : [],
    );
    expect(Math.min(...sigmas)).toBeGreaterThanOrEqual(0.1);
    expect(Math.max(...sigmas)).toBeLessThan(2);
    // Standard error of the mean .55 / sqrt(2000) = .012.
    expect(Math.abs(sigmas.reduce((a, b) => a + b) / 2000 - 1.05)).toBeLessThan(0.06);
  });

  it("lighting noise has the spread of ImageNet's colours", () => {
    const shifts = plans('lighting-noise', { std: 0.1 }, 4000).flatMap(([op]) =>
      op?.op === 'shift-rgb' ? [op.add] : [],
    );
    expect(shifts.length).toBe(4000);
    // .1 times the root of the sum of (eigenvalue * component)^2, by channel.
    [3.1664, 3.2226, 3.2542].forEach((expected, channel) => {
      const std = Math.sqrt(shifts.reduce((sum, add) => sum + (add[channel] as number) ** 2, 0) / shifts.length);
      // Five standard errors: 5 / sqrt(2 * 4000) = 5.6 %.
      expect(Math.abs(std / expected - 1)).toBeLessThan(0.056);
    });
    // Nearly all of it is brightness: red and blue move together.
    const together = shifts.filter(([red, , blue]) => red * blue > 0).length;
    expect(together).toBeGreaterThan(3600);
  });
});

describe('random erasing', () => {
  const boxes = (options: OptionValues, count: number) =>
    plans('random-erasing', options, count).flatMap((ops) => ops.flatMap((op) => (op.op === 'erase' ? [op] : [])));

  it('puts the box where timm puts it for the same random numbers', () => {
    const trick = trickOf('random-erasing');
    for (const [seed, height, width, box] of erasing as [number, number, number, number[] | null][]) {
      let state = seed;
      const uniform = (low = 0, high = 1) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return low + ((high - low) * state) / 2 ** 32;
      };
      const stream = { ...rng(1, 'noise'), uniform, int: (n: number) => Math.floor(uniform() * n) };
      const context = { ...placeOf(trick.id, 1), ...square, rng: stream, width, height, size: width };
      const [op] = trick.sample?.({ p: 0.8, mode: 'pixel' }, context) ?? [];
      expect(op?.op === 'erase' ? [op.x, op.y, op.width, op.height] : null, `seed ${seed}`).toEqual(box);
    }
  });

  it('covers 2 % to a third of the image, inside it, at aspects of .3 to 3.33', () => {
    const found = boxes({ p: 1 }, 3000);
    expect(found.length).toBe(3000);
    const areas = found.map(({ width, height }) => (width * height) / 64 ** 2);
    // Sides are rounded to whole pixels of 64.
    expect(Math.min(...areas)).toBeGreaterThan(0.017);
    expect(Math.max(...areas)).toBeLessThan(0.345);
    const mean = areas.reduce((a, b) => a + b) / areas.length;
    // Uniform: .1767; long boxes that do not fit are drawn again, which takes some of the largest.
    expect(mean).toBeGreaterThan(0.16);
    expect(mean).toBeLessThan(0.18);
    for (const { x, y, width, height } of found) {
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(64);
      expect(width / height).toBeGreaterThan(0.24);
      expect(width / height).toBeLessThan(4.2);
    }
    const wide = found.filter(({ width, height }) => width > height).length;
    const tall = found.filter(({ width, height }) => width < height).length;
    expect(Math.abs(wide - tall)).toBeLessThan(5 * Math.sqrt(3000));
    expect(Math.abs(boxes({ p: 0.25 }, 3000).length - 750)).toBeLessThan(five(3000, 0.25));
  });

  it('paints what its mode says', () => {
    const [pixel] = boxes({ p: 1 }, 1);
    expect(pixel?.mean.map(Math.round)).toEqual([124, 116, 104]);
    expect(pixel?.std.map(Math.round)).toEqual([58, 57, 57]);
    const constant = boxes({ p: 1, mode: 'const' }, 50);
    expect(new Set(constant.map(({ mean, std }) => JSON.stringify([mean.map(Math.round), std])))).toEqual(
      new Set(['[[124,116,104],[0,0,0]]']),
    );
    const random = boxes({ p: 1, mode: 'rand' }, 50);
    expect(new Set(random.map(({ mean }) => JSON.stringify(mean))).size).toBe(50);
    expect(random.every(({ std }) => std.every((value) => value === 0))).toBe(true);
  });
});

describe('recipes', () => {
  const ids = tricks.filter((trick) => trick.sample).map(({ id }) => id);
  const options = Object.fromEntries(tricks.map((trick) => [trick.id, defaultOptions(trick)]));
  const photo = (width: number, height: number, seed: number) => {
    const stream = rng(seed, 'test image');
    return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => stream.int(256)) };
  };
  const switches = fc.record(Object.fromEntries(ids.map((id) => [id, fc.boolean()])));
  const place = fc.record({
    on: switches,
    seed: fc.nat(),
    sample: fc.nat(),
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 40 }),
  });

  it('give the same bytes for the same seed, at the input size, whatever is on', () => {
    fc.assert(
      fc.property(place, ({ on, seed, sample, width, height }) => {
        const make = () => {
          const image = photo(width, height, seed);
          return applyOps(image, planSample({ size: 24, on, options }, seed, 1, sample, width, height));
        };
        const made = make();
        expect([made.width, made.height]).toEqual([24, 24]);
        expect(make().data).toEqual(made.data);
      }),
      { numRuns: 150 },
    );
  });

  it('without a trick give the bytes of a catalog without it', () => {
    fc.assert(
      fc.property(place, fc.constantFrom(...ids), ({ on, seed, sample, width, height }, id) => {
        const without = { ...on, [id]: false };
        const { [id]: _switch, ...unknown } = without;
        const { [id]: _options, ...others } = options;
        const image = photo(width, height, seed);
        const off = planSample({ size: 24, on: without, options }, seed, 1, sample, width, height);
        const never = planSample({ size: 24, on: unknown, options: others }, seed, 1, sample, width, height);
        expect(applyOps(image, off).data).toEqual(applyOps(image, never).data);
      }),
      { numRuns: 150 },
    );
  });

  it('act in the order of the sources: crop, flip, policy, jitter, lighting, grey, blur, erase', () => {
    const all = Object.fromEntries(ids.map((id) => [id, true]));
    expect(activeTricks({ on: all, options }).flatMap(({ trick }) => (trick.sample ? [trick.id] : []))).toEqual([
      'random-resized-crop',
      'padded-crop',
      'flip',
      'alternating-flip',
      'auto-augment',
      'rand-augment',
      'color-jitter',
      'lighting-noise',
      'grayscale',
      'gaussian-blur',
      'random-erasing',
    ]);
    // What acts on pixels acts on those that the network gets, so the size comes first even if no crop is on.
    const certain = { ...options, 'random-erasing': { p: 1, mode: 'pixel' } };
    const planned = planSample({ size: 24, on: { 'random-erasing': true }, options: certain }, 1, 0, 0, 40, 30);
    expect(planned.map(({ op }) => op)).toEqual(['resized-crop', 'crop', 'erase']);
  });
});
