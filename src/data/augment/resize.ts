/**
 * Bilinear resize with antialiasing, bit for bit Pillow's `im.crop(box).resize((w, h), BILINEAR)` (src/libImaging/Resample.c),
 * as torchvision and timm do it: two passes of 8-bit fixed-point convolution, horizontal first, rounded to 8 bits between.
 */
import type { RgbImage } from '../types';

/** 32 bits - 8 of the pixel - 2 for overshoot and sign. */
const PRECISION_BITS = 32 - 8 - 2;
const HALF = 1 << (PRECISION_BITS - 1);

interface Coefficients {
  /** First source pixel and number of source pixels per output pixel: [2 * out]. */
  bounds: Int32Array;
  /** Fixed-point weights, [out, taps]. */
  weights: Int32Array;
  taps: number;
}

/** Weights along one axis: inSize source pixels onto outSize pixels. */
function coefficients(inSize: number, outSize: number): Coefficients {
  const scale = inSize / outSize;
  const filterScale = Math.max(scale, 1);
  const support = filterScale;
  const taps = Math.ceil(support) * 2 + 1;
  const bounds = new Int32Array(outSize * 2);
  const weights = new Int32Array(outSize * taps);
  const row = new Float64Array(taps);
  const inverse = 1 / filterScale;
  for (let out = 0; out < outSize; out++) {
    const center = (out + 0.5) * scale;
    const first = Math.max(Math.trunc(center - support + 0.5), 0);
    const count = Math.min(Math.trunc(center + support + 0.5), inSize) - first;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const distance = Math.abs((i + first - center + 0.5) * inverse);
      const weight = distance < 1 ? 1 - distance : 0;
      row[i] = weight;
      sum += weight;
    }
    for (let i = 0; i < count; i++) {
      const weight = sum === 0 ? (row[i] as number) : (row[i] as number) / sum;
      weights[out * taps + i] = Math.trunc(0.5 + weight * (1 << PRECISION_BITS));
    }
    bounds[out * 2] = first;
    bounds[out * 2 + 1] = count;
  }
  return { bounds, weights, taps };
}

function clip8(value: number): number {
  const shifted = value >> PRECISION_BITS;
  return shifted < 0 ? 0 : shifted > 255 ? 255 : shifted;
}

/**
 * Cuts the box out (whole pixels of the source) and resizes it to width x height: nothing outside the box has a share in it.
 * Throws an Error when the box is empty or leaves the image.
 */
export function resize(
  image: RgbImage,
  width: number,
  height: number,
  box = { x: 0, y: 0, width: image.width, height: image.height },
): RgbImage {
  if (!(width >= 1 && height >= 1)) throw new Error(`An image can't be resized to ${width} x ${height} pixels.`);
  const [left, top, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
  if (!(left >= 0 && top >= 0 && right <= image.width && bottom <= image.height && left < right && top < bottom)) {
    throw new Error(
      `The crop ${box.width} x ${box.height} at (${box.x}, ${box.y}) leaves the image of ${image.width} x ${image.height} pixels.`,
    );
  }
  const vertical = coefficients(box.height, height);
  // Only the source rows that the second pass reads go through the first.
  const firstRow = vertical.bounds[0] as number;
  const endRow = (vertical.bounds[height * 2 - 2] as number) + (vertical.bounds[height * 2 - 1] as number);
  let current = image;
  let rowShift = -top;
  // Of a box as wide as the result the pass is an exact copy.
  if (width !== box.width || box.width !== image.width) {
    const rows = { left, from: top + firstRow, to: top + endRow };
    current = horizontalPass(image, coefficients(box.width, width), width, rows);
    rowShift = firstRow;
  }
  if (height !== box.height || (current === image && box.height !== image.height)) {
    return verticalPass(current, vertical, height, rowShift);
  }
  return current === image ? { width, height, data: image.data.slice() } : current;
}

/** Rows [from, to) of the image, their pixels from `left` on. */
function horizontalPass(
  image: RgbImage,
  { bounds, weights, taps }: Coefficients,
  width: number,
  rows: { left: number; from: number; to: number },
): RgbImage {
  const height = rows.to - rows.from;
  const source = image.data;
  const data = new Uint8Array(width * height * 3);
  let to = 0;
  for (let y = rows.from; y < rows.to; y++) {
    for (let x = 0; x < width; x++) {
      const count = bounds[x * 2 + 1] as number;
      let from = (y * image.width + rows.left + (bounds[x * 2] as number)) * 3;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let i = 0; i < count; i++, from += 3) {
        const weight = weights[x * taps + i] as number;
        red = (red + Math.imul(source[from] as number, weight)) | 0;
        green = (green + Math.imul(source[from + 1] as number, weight)) | 0;
        blue = (blue + Math.imul(source[from + 2] as number, weight)) | 0;
      }
      data[to++] = clip8(red);
      data[to++] = clip8(green);
      data[to++] = clip8(blue);
    }
  }
  return { width, height, data };
}

function verticalPass(image: RgbImage, axis: Coefficients, height: number, rowShift: number): RgbImage {
  const { bounds, weights, taps } = axis;
  const stride = image.width * 3;
  const source = image.data;
  const data = new Uint8Array(stride * height);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    const first = (bounds[y * 2] as number) - rowShift;
    const count = bounds[y * 2 + 1] as number;
    sums.fill(HALF);
    let tap = 0;
    // Two rows at a time: the sums are read and written half as often.
    for (; tap + 1 < count; tap += 2) {
      const upper = weights[y * taps + tap] as number;
      const lower = weights[y * taps + tap + 1] as number;
      const from = (first + tap) * stride;
      const below = from + stride;
      for (let x = 0; x < stride; x++) {
        sums[x] =
          (sums[x] as number) +
          Math.imul(source[from + x] as number, upper) +
          Math.imul(source[below + x] as number, lower);
      }
    }
    if (tap < count) {
      const weight = weights[y * taps + tap] as number;
      const from = (first + tap) * stride;
      for (let x = 0; x < stride; x++) sums[x] = (sums[x] as number) + Math.imul(source[from + x] as number, weight);
    }
    for (let x = 0; x < stride; x++) data[y * stride + x] = clip8(sums[x] as number);
  }
  return { width: image.width, height, data };
}
