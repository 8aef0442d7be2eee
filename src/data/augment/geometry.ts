/** Crops and mirrors without resampling. */
import type { Rgb } from '../../catalog/image-ops';
import type { RgbImage } from '../types';

/** Rectangle of an image; what lies outside the image is filled (RGB). */
export function crop(
  image: RgbImage,
  box: { x: number; y: number; width: number; height: number },
  fill: Rgb,
): RgbImage {
  const { x, y, width, height } = box;
  if (!(width >= 1 && height >= 1)) throw new Error(`An image can't be cropped to ${width} x ${height} pixels.`);
  const data = new Uint8Array(width * height * 3);
  const inside = x >= 0 && y >= 0 && x + width <= image.width && y + height <= image.height;
  if (!inside) for (let i = 0; i < data.length; i++) data[i] = fill[i % 3] as number;
  const left = Math.max(x, 0);
  const right = Math.min(x + width, image.width);
  if (left < right) {
    for (let row = Math.max(y, 0); row < Math.min(y + height, image.height); row++) {
      const from = (row * image.width + left) * 3;
      data.set(image.data.subarray(from, from + (right - left) * 3), ((row - y) * width + left - x) * 3);
    }
  }
  return { width, height, data };
}

/** Mirrors left and right. */
export function flip(image: RgbImage): RgbImage {
  const { width, height, data: source } = image;
  const data = new Uint8Array(source.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 3;
      const to = (y * width + width - 1 - x) * 3;
      data[to] = source[from] as number;
      data[to + 1] = source[from + 1] as number;
      data[to + 2] = source[from + 2] as number;
    }
  }
  return { width, height, data };
}
