/** Random erasing on uint8 pixels. */
import type { Rgb } from '../../catalog/image-ops';
import { rng } from '../../core/rng';
import type { RgbImage } from '../types';

/** Equally likely values of the normal distribution that noise is drawn from: 10 bits a channel, one draw of 32 a pixel. */
const BITS = 10;
const QUANTILES = 2 ** BITS;

let standard: Float64Array | undefined;

/** The quantiles (i + .5) / 1024 of the standard normal distribution, by summing up its density. */
function normalQuantiles(): Float64Array {
  if (standard) return standard;
  const step = 1 / 4096;
  const quantiles = new Float64Array(QUANTILES);
  let share = 0;
  let next = 0;
  // 4.5 sigma: the outermost quantile is at 3.3.
  for (let z = -4.5; next < QUANTILES && z < 4.5; z += step) {
    const density = Math.exp(-0.5 * (z + step / 2) ** 2) / Math.sqrt(2 * Math.PI);
    const after = share + density * step;
    while (next < QUANTILES && (next + 0.5) / QUANTILES < after) {
      quantiles[next] = z + ((next + 0.5) / QUANTILES - share) / density;
      next++;
    }
    share = after;
  }
  standard = quantiles;
  return quantiles;
}

/**
 * Overwrites a rectangle, or what of it lies in the image, with normal noise: mean and std in levels of 255 per channel,
 * each value of its own, rounded and clipped to [0, 255]. std 0 paints the mean. The noise follows from the seed alone.
 */
export function erase(
  image: RgbImage,
  box: { x: number; y: number; width: number; height: number },
  noise: { mean: Rgb; std: Rgb; seed: number },
): RgbImage {
  const data = image.data.slice();
  const clip = (level: number) => Math.min(255, Math.max(0, Math.round(level)));
  const levelsOf = (channel: 0 | 1 | 2) => {
    const quantiles = normalQuantiles();
    const levels = new Uint8Array(QUANTILES);
    for (let i = 0; i < QUANTILES; i++) {
      levels[i] = clip(noise.mean[channel] + noise.std[channel] * (quantiles[i] as number));
    }
    return levels;
  };
  const red = levelsOf(0);
  const green = levelsOf(1);
  const blue = levelsOf(2);
  const stream = rng(noise.seed, 'erase');
  const left = Math.max(0, box.x);
  const right = Math.min(image.width, box.x + box.width);
  for (let y = Math.max(0, box.y); y < Math.min(image.height, box.y + box.height); y++) {
    for (let x = left; x < right; x++) {
      const at = (y * image.width + x) * 3;
      const bits = stream.uint32();
      data[at] = red[bits & (QUANTILES - 1)] as number;
      data[at + 1] = green[(bits >>> BITS) & (QUANTILES - 1)] as number;
      data[at + 2] = blue[(bits >>> (2 * BITS)) & (QUANTILES - 1)] as number;
    }
  }
  return { width: image.width, height: image.height, data };
}
