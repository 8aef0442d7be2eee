/** Operations that look at a pixel's neighbours: Pillow's sharpness, torchvision's gaussian blur. */
import type { RgbImage } from '../types';
import { blendLevel, blendSteps } from './color';

/** ImageFilter.SMOOTH weighs the centre 5 and its eight neighbours 1. */
const SMOOTH_SUM = 13;
/** Weighted sum -> level, rounded. 13 is odd, so that no sum is half way between two levels and float32 rounds the same. */
const smoothed = Uint8Array.from(
  { length: 255 * SMOOTH_SUM + 1 },
  (_, sum) => (2 * sum + SMOOTH_SUM) / (2 * SMOOTH_SUM),
);

/** ImageEnhance.Sharpness, bit for bit: away from the smoothed image; the border of one pixel is not smoothed. */
export function sharpness(image: RgbImage, factor: number): RgbImage {
  const { width, height, data: source } = image;
  const data = source.slice();
  const steps = blendSteps(factor);
  const stride = width * 3;
  // Smaller images have no inner pixel.
  for (let y = 1; y < height - 1; y++) {
    const end = y * stride + stride - 3;
    for (let i = y * stride + 3; i < end; i++) {
      const up = i - stride;
      const down = i + stride;
      const level = source[i] as number;
      const sum =
        (source[up - 3] as number) +
        (source[up] as number) +
        (source[up + 3] as number) +
        (source[i - 3] as number) +
        5 * level +
        (source[i + 3] as number) +
        (source[down - 3] as number) +
        (source[down] as number) +
        (source[down + 3] as number);
      data[i] = blendLevel(smoothed[sum] as number, level, steps);
    }
  }
  return { width, height, data };
}

/** timm's kernel of 23 taps. */
const BLUR_RADIUS = 11;
/** Beyond this many sigmas all weights together are below 4e-8: no level changes. */
const BLUR_REACH = 5.5;

/** Index of a row or column outside [0, length), reflected at the border pixel as often as needed. */
function reflected(index: number, length: number): number {
  const period = Math.max(1, 2 * (length - 1));
  const at = Math.abs(index) % period;
  return at < length ? at : period - at;
}

/**
 * torchvision's GaussianBlur(23) at a sigma in pixels, reflected at the border, rounded once. torchvision sums 529
 * products in float32, here it is twice 23: a level may differ by 1 where the sum is within 1e-4 of a half.
 * torchvision refuses images under 12 pixels; here they are reflected more than once.
 */
export function gaussianBlur(image: RgbImage, sigma: number): RgbImage {
  const { width, height, data: source } = image;
  const radius = Math.min(BLUR_RADIUS, Math.ceil(BLUR_REACH * sigma));
  const weight = (distance: number) => Math.exp(-0.5 * (distance / sigma) ** 2);
  let sum = 0;
  for (let tap = -BLUR_RADIUS; tap <= BLUR_RADIUS; tap++) sum += weight(tap);
  const weights = Float64Array.from({ length: radius + 1 }, (_, distance) => weight(distance) / sum);
  const stride = width * 3;
  // Rows first, each with its reflected border: [height, width, 3].
  const rows = new Float32Array(source.length);
  const padded = new Float32Array((width + 2 * radius) * 3);
  const sums = new Float64Array(stride);
  const center = radius * 3;
  for (let y = 0; y < height; y++) {
    padded.set(source.subarray(y * stride, (y + 1) * stride), center);
    for (let beyond = 1; beyond <= radius; beyond++) {
      for (let channel = 0; channel < 3; channel++) {
        const left = y * stride + reflected(-beyond, width) * 3 + channel;
        const right = y * stride + reflected(width - 1 + beyond, width) * 3 + channel;
        padded[center - beyond * 3 + channel] = source[left] as number;
        padded[center + stride + (beyond - 1) * 3 + channel] = source[right] as number;
      }
    }
    for (let i = 0; i < stride; i++) sums[i] = (weights[0] as number) * (padded[center + i] as number);
    for (let tap = 1; tap <= radius; tap++) {
      const share = weights[tap] as number;
      const before = center - tap * 3;
      const after = center + tap * 3;
      for (let i = 0; i < stride; i++) {
        sums[i] = (sums[i] as number) + share * ((padded[before + i] as number) + (padded[after + i] as number));
      }
    }
    rows.set(sums, y * stride);
  }
  const data = new Uint8Array(source.length);
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < stride; i++) sums[i] = (weights[0] as number) * (rows[y * stride + i] as number);
    for (let tap = 1; tap <= radius; tap++) {
      const above = reflected(y - tap, height) * stride;
      const below = reflected(y + tap, height) * stride;
      const share = weights[tap] as number;
      for (let i = 0; i < stride; i++) {
        sums[i] = (sums[i] as number) + share * ((rows[above + i] as number) + (rows[below + i] as number));
      }
    }
    for (let i = 0; i < stride; i++) data[y * stride + i] = (sums[i] as number) + 0.5;
  }
  return { width, height, data };
}
