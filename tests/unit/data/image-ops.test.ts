import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ImageOp } from '../../../src/catalog/image-ops';
import { meanFill, type PolicyContext, timmOps, torchvisionOps } from '../../../src/catalog/policy-ops';
import { IMAGENET_POLICY } from '../../../src/catalog/tricks/auto-augment';
import { applyOp, applyOps, sizeAfter } from '../../../src/data/augment';
import type { RgbImage } from '../../../src/data/types';

interface Pixels {
  width: number;
  height: number;
  pixels: string;
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../fixtures/image/${name}`, import.meta.url), 'utf8'));

/** Made by tests/fixtures/image/make-ops.py with Pillow, timm and torchvision. */
const fixtures = read('ops.json') as {
  own: Record<string, Pixels>;
  order: string[];
  cases: { op: ImageOp; results: string[] }[];
  levels: { name: string; magnitude: number; positive: string; negative: string }[];
  torchvision_levels: { magnitude: number; positive: Record<string, string>; negative: Record<string, string> }[];
  policy: [string, number, number][][];
  blurs: (Pixels & { results: { sigma: number; pixels: string }[] })[];
};
const shared = read('cases.json').inputs as Record<string, Pixels>;

const image = ({ width, height, pixels }: Pixels): RgbImage => ({
  width,
  height,
  data: new Uint8Array(Buffer.from(pixels, 'base64')),
});
const inputs = new Map(Object.entries({ ...shared, ...fixtures.own }).map(([name, pixels]) => [name, image(pixels)]));
const input = (name: string) => inputs.get(name) as RgbImage;
function digest(...images: RgbImage[]): string {
  const hash = createHash('sha256');
  for (const { data } of images) hash.update(data);
  return hash.digest('hex').slice(0, 8);
}

describe('operations equal Pillow bit for bit, on photos and on images of one pixel, of one colour, grey, wide and tall', () => {
  const names = [...new Set(fixtures.cases.map(({ op }) => op.op))];
  it.each(names)('%s', (name) => {
    const wrong: string[] = [];
    for (const { op, results } of fixtures.cases.filter((example) => example.op.op === name)) {
      fixtures.order.forEach((key, i) => {
        const original = input(key);
        const before = original.data.slice();
        const result = applyOp(original, op);
        if (digest(result) !== results[i]) wrong.push(`${key} ${JSON.stringify(op)}`);
        expect(original.data, 'the input is left alone').toEqual(before);
        expect(result).toMatchObject(sizeAfter(original.width, original.height, [op]));
      });
    }
    expect(wrong).toEqual([]);
  });

  it('are all there', () => {
    expect(names.length).toBe(17);
    expect(fixtures.order.length).toBe(13);
  });
});

describe('magnitudes mean what they mean in timm and torchvision, bit for bit in the pixels', () => {
  const photos = ['photo-d', 'photo-b'].map(input);
  type Meaning = (magnitude: number, context: PolicyContext) => ImageOp[];
  const result = (meaning: Meaning | undefined, magnitude: number, negative: boolean) =>
    meaning && digest(...photos.map((photo) => applyOps(photo, meaning(magnitude, { ...photo, negative }))));

  it("timm's 20 operations at 11 magnitudes, either sign", () => {
    const meanings: Record<string, Meaning> = timmOps(meanFill([0.485, 0.456, 0.406]));
    expect([...new Set(fixtures.levels.map(({ name }) => name))].sort()).toEqual(Object.keys(meanings).sort());
    for (const { name, magnitude, positive, negative } of fixtures.levels) {
      expect(result(meanings[name], magnitude, false), `${name} ${magnitude}`).toBe(positive);
      expect(result(meanings[name], magnitude, true), `${name} -${magnitude}`).toBe(negative);
    }
  });

  it("torchvision's 14 operations at all 31 magnitudes, either sign", () => {
    const meanings: Record<string, Meaning> = torchvisionOps;
    for (const { magnitude, positive, negative } of fixtures.torchvision_levels) {
      expect(Object.keys(positive)).toEqual(Object.keys(meanings));
      for (const [name, meaning] of Object.entries(meanings)) {
        expect(result(meaning, magnitude, false), `${name} ${magnitude}`).toBe(positive[name]);
        expect(result(meaning, magnitude, true), `${name} -${magnitude}`).toBe(negative[name]);
      }
    }
  });

  it("AutoAugment's 25 pairs are timm's", () => {
    expect(IMAGENET_POLICY).toEqual(fixtures.policy.map((pair) => pair.flat()));
  });
});

describe('gaussian blur', () => {
  it("is torchvision's, but for single levels where its float32 sums round the other way", () => {
    let levels = 0;
    let different = 0;
    for (const blur of fixtures.blurs) {
      for (const { sigma, pixels } of blur.results) {
        const { data } = applyOp(image(blur), { op: 'gaussian-blur', sigma });
        const expected = new Uint8Array(Buffer.from(pixels, 'base64'));
        expect(data.length).toBe(expected.length);
        levels += data.length;
        data.forEach((level, i) => {
          const off = Math.abs(level - (expected[i] as number));
          expect(off).toBeLessThanOrEqual(1);
          different += off;
        });
      }
    }
    expect(levels).toBeGreaterThan(10_000);
    expect(different / levels).toBeLessThan(1e-3);
  });

  it('keeps one colour as it is, down to one pixel', () => {
    for (const name of ['constant', 'one-pixel']) {
      expect(applyOp(input(name), { op: 'gaussian-blur', sigma: 2 }).data).toEqual(input(name).data);
    }
  });
});

describe('erasing', () => {
  const size = 200;
  const black = { width: size, height: size, data: new Uint8Array(size * size * 3) };
  const box = { x: 20, y: 10, width: 160, height: 180 };
  const noise = { mean: [124, 116, 104], std: [30, 20, 10] } as const;

  it('writes noise of the asked mean and spread into the box, and nothing outside', () => {
    const { data } = applyOp(black, { op: 'erase', ...box, ...noise, seed: 5 });
    for (let channel = 0; channel < 3; channel++) {
      const inside: number[] = [];
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          const level = data[(y * size + x) * 3 + channel] as number;
          const within = x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
          if (within) inside.push(level);
          else expect(level).toBe(0);
        }
      }
      const mean = inside.reduce((a, b) => a + b) / inside.length;
      const std = Math.sqrt(inside.reduce((sum, level) => sum + (level - mean) ** 2, 0) / inside.length);
      // 28,800 values: five standard errors are .9 of the mean and .6 of the spread.
      expect(Math.abs(mean - (noise.mean[channel] as number))).toBeLessThan(0.9);
      expect(Math.abs(std - (noise.std[channel] as number))).toBeLessThan(0.65);
      // A normal distribution has 2.275 % beyond two sigmas on either side; five standard errors are .44 %.
      const far = (sign: number) =>
        inside.filter((level) => sign * (level - (noise.mean[channel] as number)) > 2 * (noise.std[channel] as number));
      for (const sign of [-1, 1]) {
        // Whole levels: up to a twentieth of a sigma on either side.
        expect(far(sign).length / inside.length).toBeGreaterThan(0.0165);
        expect(far(sign).length / inside.length).toBeLessThan(0.0275);
      }
    }
  });

  it('gives every seed its own noise, the same each time, and none with a spread of 0', () => {
    const erased = (seed: number, std: readonly [number, number, number] = noise.std) =>
      digest(applyOp(black, { op: 'erase', ...box, mean: noise.mean, std, seed }));
    expect(erased(1)).toBe(erased(1));
    expect(erased(1)).not.toBe(erased(2));
    expect(erased(1, [0, 0, 0])).toBe(erased(2, [0, 0, 0]));
    const whole = applyOp(black, {
      op: 'erase',
      x: -5,
      y: -5,
      width: 500,
      height: 500,
      mean: [1, 300, -3],
      std: [0, 0, 0],
      seed: 0,
    });
    expect([...new Set(whole.data)].sort()).toEqual([0, 1, 255]);
  });
});
