import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ImageOp } from '../../../src/catalog/define';
import { applyOp, applyOps, evaluationOps, sizeAfter } from '../../../src/data/augment';
import type { RgbImage } from '../../../src/data/types';

interface Pixels {
  width: number;
  height: number;
  pixels: string;
}

/** Made by tests/fixtures/image/make.py with Pillow and torchvision. */
const fixtures = JSON.parse(readFileSync(new URL('../../fixtures/image/cases.json', import.meta.url), 'utf8')) as {
  inputs: Record<string, Pixels>;
  cases: ({ input: string; op: ImageOp } & Pixels)[];
  evaluations: { input: string; size: number; pixels: string }[];
};

const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

function input(name: string): RgbImage {
  const { width, height, pixels } = fixtures.inputs[name] as Pixels;
  return { width, height, data: bytes(pixels) };
}

const kinds = ['resized-crop', 'crop', 'flip', 'brightness', 'contrast', 'saturation', 'hue'] as const;

describe('image operations equal Pillow and torchvision bit for bit', () => {
  for (const kind of kinds) {
    it(kind, () => {
      const cases = fixtures.cases.filter(({ op }) => op.op === kind);
      expect(cases.length).toBeGreaterThan(5);
      for (const { input: name, op, width, height, pixels } of cases) {
        const image = input(name);
        const before = image.data.slice();
        const result = applyOp(image, op);
        const words = `${name} ${JSON.stringify(op)}`;
        expect([result.width, result.height], words).toEqual([width, height]);
        expect(result.data, words).toEqual(bytes(pixels));
        expect(image.data, `${words} left its input alone`).toEqual(before);
        expect(sizeAfter(image.width, image.height, [op])).toEqual({ width, height });
      }
    });
  }
});

describe('evaluation preprocessing', () => {
  it("equals timm's resize and centre crop bit for bit", () => {
    for (const { input: name, size, pixels } of fixtures.evaluations) {
      const image = input(name);
      const result = applyOps(image, evaluationOps(image.width, image.height, size));
      expect(result.data, `${name} at ${size}`).toEqual(bytes(pixels));
    }
  });

  it('leaves an image of the input size as it is', () => {
    expect(evaluationOps(28, 28, 28)).toEqual([]);
  });

  it('resizes a smaller image straight to the input size', () => {
    expect(evaluationOps(28, 28, 32)).toEqual([
      { op: 'resized-crop', x: 0, y: 0, width: 28, height: 28, toWidth: 32, toHeight: 32 },
    ]);
  });

  it('always ends at the input size', () => {
    for (const [width, height] of [
      [1, 1],
      [300, 2],
      [2, 300],
      [97, 64],
      [64, 97],
      [500, 375],
      [64, 65],
    ] as const) {
      for (const size of [8, 63, 64, 224]) {
        expect(sizeAfter(width, height, evaluationOps(width, height, size))).toEqual({ width: size, height: size });
      }
    }
  });
});

it('refuses a crop that leaves the image, in words', () => {
  const op = { op: 'resized-crop', x: 5, y: 0, width: 9, height: 7, toWidth: 4, toHeight: 4 } as const;
  expect(() => applyOp(input('constant'), op)).toThrow('leaves the image of 9 x 7 pixels');
});
