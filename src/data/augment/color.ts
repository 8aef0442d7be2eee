/**
 * Colour operations, bit for bit Pillow's: ImageEnhance (Blend.c, Convert.c) and the hue shift of torchvision's
 * adjust_hue on PIL images. Math.fround marks where Pillow computes in float32.
 */
import type { Rgb } from '../../catalog/image-ops';
import type { RgbImage } from '../types';
import { levelTable, mapLevels } from './levels';

/** ITU-R 601-2 luma, 16-bit fixed point, as convert('L'). */
function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

const clip = (value: number) => (value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value));

/**
 * Image.blend of two levels: from + factor * (to - from), truncated; extrapolation is clipped.
 * Returns what to - from + 255 adds to from, so that a pixel costs one look-up.
 */
export function blendSteps(factor: number): Float32Array {
  const alpha = Math.fround(factor);
  const steps = new Float32Array(511);
  for (let i = 0; i < 511; i++) steps[i] = alpha * (i - 255);
  return steps;
}

/** One level of Image.blend, with the steps of a factor. */
export function blendLevel(from: number, to: number, steps: Float32Array): number {
  const value = Math.fround(from + (steps[to - from + 255] as number));
  return value <= 0 ? 0 : value >= 255 ? 255 : value | 0;
}

/** Image.blend with one level for all pixels. */
function blendWith(image: RgbImage, from: number, factor: number): RgbImage {
  const steps = blendSteps(factor);
  return mapLevels(
    image,
    levelTable((level) => blendLevel(from, level, steps)),
  );
}

/** ImageEnhance.Brightness: towards black. */
export function brightness(image: RgbImage, factor: number): RgbImage {
  return blendWith(image, 0, factor);
}

/** ImageEnhance.Contrast: towards the mean luma, rounded. */
export function contrast(image: RgbImage, factor: number): RgbImage {
  const { data } = image;
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) sum += luma(data[i] as number, data[i + 1] as number, data[i + 2] as number);
  const mean = Math.trunc(sum / (data.length / 3) + 0.5);
  return blendWith(image, mean, factor);
}

/** ImageEnhance.Color: towards each pixel's luma. */
export function saturation(image: RgbImage, factor: number): RgbImage {
  const { width, height, data: source } = image;
  const steps = blendSteps(factor);
  const data = new Uint8Array(source.length);
  for (let i = 0; i < source.length; i += 3) {
    const red = source[i] as number;
    const green = source[i + 1] as number;
    const blue = source[i + 2] as number;
    const grey = luma(red, green, blue);
    data[i] = blendLevel(grey, red, steps);
    data[i + 1] = blendLevel(grey, green, steps);
    data[i + 2] = blendLevel(grey, blue, steps);
  }
  return { width, height, data };
}

/** Each pixel's luma in all three channels: convert('L'), and torchvision's RandomGrayscale. */
export function grayscale(image: RgbImage): RgbImage {
  const { width, height, data: source } = image;
  const data = new Uint8Array(source.length);
  for (let i = 0; i < source.length; i += 3) {
    const grey = luma(source[i] as number, source[i + 1] as number, source[i + 2] as number);
    data[i] = grey;
    data[i + 1] = grey;
    data[i + 2] = grey;
  }
  return { width, height, data };
}

/** Adds levels to red, green and blue; clipped, then truncated, as MXNet's lighting noise. */
export function shiftRgb(image: RgbImage, add: Rgb): RgbImage {
  const [red, green, blue] = add.map((shift) =>
    levelTable((level) => clip(Math.fround(level + Math.fround(shift)))),
  ) as [Uint8Array, Uint8Array, Uint8Array];
  return mapLevels(image, red, green, blue);
}

/** Shifts the hue by `shift` turns in [-.5, .5]: to 8-bit HSV, trunc(shift * 255) added modulo 256, and back. */
export function hue(image: RgbImage, shift: number): RgbImage {
  if (!(shift >= -0.5 && shift <= 0.5)) throw new Error(`A hue shift must be in [-0.5, 0.5] turns, got ${shift}.`);
  const { width, height, data: source } = image;
  const data = new Uint8Array(source.length);
  const add = Math.trunc(shift * 255);
  for (let i = 0; i < source.length; i += 3) {
    const red = source[i] as number;
    const green = source[i + 1] as number;
    const blue = source[i + 2] as number;
    const value = Math.max(red, green, blue);
    const range = value - Math.min(red, green, blue);
    // A grey has saturation 0, and stays what it is whatever its hue.
    const saturated = range === 0 ? 0 : Math.trunc(Math.fround(range / value) * 255);
    if (saturated === 0) data.fill(value, i, i + 3);
    else writeHsv(data, i, (hueOf(red, green, blue, value, range) + add) & 0xff, saturated, value);
  }
  return { width, height, data };
}

/** rgb2hsv_row of Convert.c: hue in [0, 255]. */
function hueOf(red: number, green: number, blue: number, value: number, range: number): number {
  const rc = Math.fround((value - red) / range);
  const gc = Math.fround((value - green) / range);
  const bc = Math.fround((value - blue) / range);
  const sector = red === value ? Math.fround(bc - gc) : green === value ? 2 + rc - bc : 4 + gc - rc;
  const turns = Math.fround((Math.fround(sector) / 6 + 1) % 1);
  return Math.min(255, Math.max(0, Math.trunc(turns * 255)));
}

/** hsv2rgb of Convert.c; saturation is not 0. */
function writeHsv(data: Uint8Array, at: number, hue: number, saturation: number, value: number): void {
  const sector = Math.floor((hue * 6) / 255);
  const fraction = Math.fround((hue * 6) / 255 - sector);
  const share = Math.fround(saturation / 255);
  // C's round(); the arguments are not negative.
  const low = Math.floor(value * (1 - share) + 0.5);
  const falling = Math.floor(value * (1 - Math.fround(share * fraction)) + 0.5);
  const rising = Math.floor(value * (1 - share * (1 - fraction)) + 0.5);
  const [red, green, blue] = [
    [value, rising, low],
    [falling, value, low],
    [low, value, rising],
    [low, falling, value],
    [rising, low, value],
    [value, low, falling],
  ][sector % 6] as [number, number, number];
  data[at] = red;
  data[at + 1] = green;
  data[at + 2] = blue;
}
