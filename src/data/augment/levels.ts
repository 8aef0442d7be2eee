/** Operations that map levels to levels by a table of 256, bit for bit Pillow's ImageOps. */
import type { RgbImage } from '../types';

type Levels = Uint8Array;

/** Maps every level by its channel's table. */
export function mapLevels(image: RgbImage, red: Levels, green: Levels = red, blue: Levels = red): RgbImage {
  const { width, height, data: source } = image;
  const data = new Uint8Array(source.length);
  for (let i = 0; i < source.length; i += 3) {
    data[i] = red[source[i] as number] as number;
    data[i + 1] = green[source[i + 1] as number] as number;
    data[i + 2] = blue[source[i + 2] as number] as number;
  }
  return { width, height, data };
}

/** A table of what each level becomes; a loop, since Uint8Array.from takes ten times as long. */
export function levelTable(of: (level: number) => number): Levels {
  const table = new Uint8Array(256);
  for (let level = 0; level < 256; level++) table[level] = of(level);
  return table;
}

/** Pixels per level of a channel, [256] each for red, green and blue. */
function histograms({ data }: RgbImage): [Uint32Array, Uint32Array, Uint32Array] {
  const count = (channel: number) => {
    const histogram = new Uint32Array(256);
    for (let i = channel; i < data.length; i += 3) {
      const level = data[i] as number;
      histogram[level] = (histogram[level] as number) + 1;
    }
    return histogram;
  };
  return [count(0), count(1), count(2)];
}

/** ImageOps.autocontrast without cut-off: stretches every channel from its darkest to its lightest level. */
export function autocontrast(image: RgbImage): RgbImage {
  const [red, green, blue] = histograms(image).map((histogram) => {
    const low = histogram.findIndex((count) => count > 0);
    const high = histogram.findLastIndex((count) => count > 0);
    if (high <= low) return levelTable((level) => level);
    const scale = 255 / (high - low);
    const offset = -low * scale;
    return levelTable((level) => Math.min(255, Math.max(0, Math.trunc(level * scale + offset))));
  }) as [Levels, Levels, Levels];
  return mapLevels(image, red, green, blue);
}

/** ImageOps.equalize: spreads the levels of every channel so that each is about as frequent as the others. */
export function equalize(image: RgbImage): RgbImage {
  const pixels = image.width * image.height;
  const [red, green, blue] = histograms(image).map((histogram) => {
    const brightest = histogram.findLast((count) => count > 0) ?? 0;
    const step = Math.floor((pixels - brightest) / 255);
    if (step === 0) return levelTable((level) => level);
    let darker = step >> 1;
    return levelTable((level) => {
      // step is rounded down, so the last levels may come to more.
      const to = Math.min(255, Math.floor(darker / step));
      darker += histogram[level] as number;
      return to;
    });
  }) as [Levels, Levels, Levels];
  return mapLevels(image, red, green, blue);
}

/** ImageOps.invert: the negative. */
export function invert(image: RgbImage): RgbImage {
  return mapLevels(
    image,
    levelTable((level) => 255 - level),
  );
}

/** ImageOps.posterize: keeps the highest bits of every level; 8 change nothing, 0 leave black. */
export function posterize(image: RgbImage, bits: number): RgbImage {
  const mask = 256 - 2 ** (8 - bits);
  return mapLevels(
    image,
    levelTable((level) => level & mask),
  );
}

/** ImageOps.solarize: inverts the levels from the threshold on. */
export function solarize(image: RgbImage, threshold: number): RgbImage {
  return mapLevels(
    image,
    levelTable((level) => (level < threshold ? level : 255 - level)),
  );
}

/** timm's solarize_add: adds to the levels below 128, at most to 255. */
export function solarizeAdd(image: RgbImage, add: number): RgbImage {
  return mapLevels(
    image,
    levelTable((level) => (level < 128 ? Math.min(255, level + add) : level)),
  );
}
