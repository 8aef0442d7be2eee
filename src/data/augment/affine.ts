/**
 * Rotation, shear and translation, bit for bit Pillow's rotate() and transform(AFFINE) (src/libImaging/Geometry.c):
 * nearest neighbour in 16.16 fixed point, bilinear in double precision. The size stays; what lies outside is filled.
 */
import type { Resample, Rgb } from '../../catalog/image-ops';
import type { RgbImage } from '../types';

/** Output pixel (x, y) comes from (a x + b y + c, d x + e y + f), in continuous coordinates: pixel 0 reaches from 0 to 1. */
type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export interface Sampling {
  resample: Resample;
  fill: Rgb;
}

/** 16.16 fixed point reaches no farther; Pillow's corner check. */
const FIXED_REACH = 32768;

/** Maps the image by the inverse of the matrix. Throws an Error when the image is moved farther than it can be addressed. */
function affine(image: RgbImage, matrix: Matrix, { resample, fill }: Sampling): RgbImage {
  const { width, height } = image;
  const data = new Uint8Array(image.data.length);
  const [red, green, blue] = fill;
  if (red !== 0 || green !== 0 || blue !== 0) {
    for (let i = 0; i < data.length; i += 3) {
      data[i] = red;
      data[i + 1] = green;
      data[i + 2] = blue;
    }
  }
  if (resample === 'bilinear') bilinear(image, matrix, data);
  else if (matrix[1] === 0 && matrix[3] === 0) shifted(image, matrix, data);
  else nearest(image, matrix, data);
  return { width, height, data };
}

/** bilinear_filter32RGB: neighbours outside the image count as its border, positions outside it are left to the fill. */
function bilinear(image: RgbImage, [a, b, c, d, e, f]: Matrix, data: Uint8Array): void {
  const { width, height, data: source } = image;
  const stride = width * 3;
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      // Pillow's order of operations: it decides the last bit.
      const xIn = a * (x + 0.5) + b * (y + 0.5) + c;
      const yIn = d * (x + 0.5) + e * (y + 0.5) + f;
      if (!(xIn >= 0 && xIn < width && yIn >= 0 && yIn < height)) continue;
      const left = Math.floor(xIn - 0.5);
      const top = Math.floor(yIn - 0.5);
      const dx = xIn - 0.5 - left;
      const dy = yIn - 0.5 - top;
      const x0 = left < 0 ? 0 : left * 3;
      const x1 = left + 1 < width ? left * 3 + 3 : x0;
      const row0 = top < 0 ? 0 : top * stride;
      const row1 = top + 1 < height ? top * stride + stride : row0;
      for (let channel = 0; channel < 3; channel++) {
        const p00 = source[row0 + x0 + channel] as number;
        const p10 = source[row1 + x0 + channel] as number;
        const upper = p00 + ((source[row0 + x1 + channel] as number) - p00) * dx;
        const lower = p10 + ((source[row1 + x1 + channel] as number) - p10) * dx;
        data[to + channel] = upper + (lower - upper) * dy;
      }
    }
  }
}

/** affine_fixed of Geometry.c. */
function nearest(image: RgbImage, [a, b, c, d, e, f]: Matrix, data: Uint8Array): void {
  const { width, height, data: source } = image;
  for (const [x, y] of [
    [0, 0],
    [width, height],
    [0, height],
    [width, 0],
  ] as const) {
    if (Math.abs(x * a + y * b + c) >= FIXED_REACH || Math.abs(x * d + y * e + f) >= FIXED_REACH) {
      throw new Error(`An image of ${width} x ${height} pixels can't be moved that far.`);
    }
  }
  const fixed = (value: number) => Math.floor(value * 65536 + 0.5);
  const [stepX, stepY] = [fixed(a), fixed(d)];
  const [rowX, rowY] = [fixed(b), fixed(e)];
  let startX = fixed(c + a * 0.5 + b * 0.5);
  let startY = fixed(f + d * 0.5 + e * 0.5);
  let to = 0;
  for (let y = 0; y < height; y++, startX += rowX, startY += rowY) {
    let xIn = startX;
    let yIn = startY;
    for (let x = 0; x < width; x++, to += 3, xIn += stepX, yIn += stepY) {
      const column = xIn >> 16;
      const row = yIn >> 16;
      if (column < 0 || column >= width || row < 0 || row >= height) continue;
      const from = (row * width + column) * 3;
      data[to] = source[from] as number;
      data[to + 1] = source[from + 1] as number;
      data[to + 2] = source[from + 2] as number;
    }
  }
}

/** ImagingScaleAffine: nearest neighbour without shear, positions summed up from pixel to pixel as there. */
function shifted(image: RgbImage, [a, , c, , e, f]: Matrix, data: Uint8Array): void {
  const { width, height, data: source } = image;
  const columns = new Int32Array(width);
  for (let x = 0, at = c + a * 0.5; x < width; x++, at += a) columns[x] = at < 0 ? -1 : Math.trunc(at);
  let to = 0;
  for (let y = 0, at = f + e * 0.5; y < height; y++, at += e) {
    const row = at < 0 ? -1 : Math.trunc(at);
    for (let x = 0; x < width; x++, to += 3) {
      const column = columns[x] as number;
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      const from = (row * width + column) * 3;
      data[to] = source[from] as number;
      data[to + 1] = source[from + 1] as number;
      data[to + 2] = source[from + 2] as number;
    }
  }
}

/** Python's round(x, 15), as Pillow rounds sine and cosine so that right angles are exact. */
const round15 = (value: number) => Number(value.toFixed(15));

/** Image.rotate: counter-clockwise by degrees about the centre, corners cut off. */
export function rotate(image: RgbImage, degrees: number, sampling: Sampling): RgbImage {
  const { width, height } = image;
  const turn = degrees % 360;
  const angle = turn < 0 ? turn + 360 : turn;
  if (angle === 0) return { width, height, data: image.data.slice() };
  if (angle === 180 || (angle % 90 === 0 && width === height)) return quarterTurns(image, angle / 90);
  const radians = -(angle * (Math.PI / 180));
  const cos = round15(Math.cos(radians));
  const sin = round15(Math.sin(radians));
  const centerX = width / 2;
  const centerY = height / 2;
  const c = cos * -centerX + sin * -centerY + centerX;
  const f = -sin * -centerX + cos * -centerY + centerY;
  return affine(image, [cos, sin, c, -sin, cos, f], sampling);
}

/** Counter-clockwise by 90 degrees a turn; an odd number of turns only for squares. */
function quarterTurns({ width, height, data: source }: RgbImage, turns: number): RgbImage {
  const data = new Uint8Array(source.length);
  const right = width - 1;
  const bottom = height - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [fromX, fromY] = turns === 1 ? [right - y, x] : turns === 2 ? [right - x, bottom - y] : [y, bottom - x];
      const from = (fromY * width + fromX) * 3;
      const to = (y * width + x) * 3;
      data[to] = source[from] as number;
      data[to + 1] = source[from + 1] as number;
      data[to + 2] = source[from + 2] as number;
    }
  }
  return { width, height, data };
}

/** timm's shear_x and shear_y: rows slide by factor pixels a row, or columns by factor pixels a column. */
export function shear(image: RgbImage, axis: 'x' | 'y', factor: number, sampling: Sampling): RgbImage {
  return affine(image, axis === 'x' ? [1, factor, 0, 0, 1, 0] : [1, 0, 0, factor, 1, 0], sampling);
}

/** timm's translate_x and translate_y: the image moves left or up by a number of pixels, whole or not. */
export function translate(image: RgbImage, axis: 'x' | 'y', pixels: number, sampling: Sampling): RgbImage {
  return affine(image, axis === 'x' ? [1, 0, pixels, 0, 1, 0] : [1, 0, 0, 0, 1, pixels], sampling);
}
