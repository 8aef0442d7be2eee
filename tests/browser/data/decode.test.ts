import { expect, it } from 'vitest';
import { decodeRgb } from '../../../src/data/decode';
import { flatPng } from '../../support/flat-png';

const red = [200, 60, 50] as const;
const blue = [50, 70, 200] as const;

async function colorOf(width: number, height: number, color: readonly [number, number, number]) {
  const { data, ...size } = await decodeRgb(await flatPng(width, height, color));
  expect(size).toEqual({ width, height });
  let wrong = 0;
  for (let i = 0; i < data.length; i++) if (data[i] !== color[i % 3]) wrong++;
  return wrong;
}

it('reads wide, tall and large images, and those after them, in any order', async () => {
  // Together they would need a canvas of 60,000 x 17,000 pixels, which no browser has.
  const sizes = [
    [17_000, 640],
    [32, 32],
    [640, 17_000],
    [31, 33],
    [60_000, 64],
    [64, 8000],
    [32, 32],
    [2049, 4097],
  ] as const;
  for (const order of [sizes, [...sizes].reverse()])
    for (const [i, [width, height]] of order.entries())
      expect(await colorOf(width, height, i % 2 ? red : blue), `${width} x ${height}`).toBe(0);
});

it('calls a huge image huge, before it is decoded', async () => {
  for (const side of [9000, 30_000]) {
    await expect(decodeRgb(await flatPng(side, side, red))).rejects.toThrow(`is too large: ${side} x ${side} pixels`);
  }
});
