/** The command `augment`: image operations on a file, the same code that prepares training images. */
import { extname } from 'node:path';
import sharp from 'sharp';
import { imageOpNames, parseImageOps } from '../../catalog/image-ops';
import { applyOps } from '../../data/augment';
import type { RgbImage } from '../../data/types';
import { defineCommand, required, text } from '../define-command';
import { Failure, orFailure } from '../failure';
import { isThere, parseJson, readBytes, readText } from '../input-file';
import { save } from '../output';
import { fileToWrite } from '../shared-options';

/** Pixels as the data workers decode them: colours as stored, EXIF orientation applied, transparency on white. */
async function readImage(path: string): Promise<RgbImage> {
  const bytes = readBytes(path);
  try {
    const { data, info } = await sharp(bytes, { ignoreIcc: true })
      .autoOrient()
      .flatten({ background: '#fff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: new Uint8Array(data) };
  } catch (error) {
    throw new Failure(`${path} is no image that can be read: ${(error as Error).message}`);
  }
}

/** PNG and WebP keep every level; JPEG at quality 95 does not. */
async function writeImage(path: string, { width, height, data }: RgbImage): Promise<void> {
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  const extension = extname(path).toLowerCase();
  if (extension === '.png') save(path, await image.png().toBuffer());
  else if (extension === '.webp') save(path, await image.webp({ lossless: true }).toBuffer());
  else if (/^\.jpe?g$/.test(extension)) save(path, await image.jpeg({ quality: 95 }).toBuffer());
  else throw new Failure(`--out must end in .png, .webp or .jpg, not "${extension}".`);
}

/** A list of operations, or a file of one. */
function readOps(word: string) {
  const isFile = isThere(word);
  const value = isFile ? parseJson(readText(word), word) : parseJson(word, '--ops');
  return orFailure(() => parseImageOps(value));
}

export const augment = defineCommand({
  name: 'augment',
  summary: 'image operations on a file, in order, as they are done to training images',
  words: {},
  options: {
    image: required(text('FILE', 'the image: JPEG, PNG, WebP, GIF, AVIF')),
    ops: required(text('JSON', 'the operations, or a file of them')),
    out: required(fileToWrite('FILE', 'the image to write: .png and .webp keep every level, .jpg does not')),
  },
  examples: [`--image cat.jpg --ops '["flip",{"op":"rotate","degrees":12}]' --out turned.png`],
  details: () => `Operations, and what each takes:\n${imageOpNames.map((words) => `  ${words}\n`).join('')}`,
  async run({ image: from, ops: word, out }) {
    const ops = readOps(word);
    const image = await readImage(from);
    // An operation may not fit this image.
    const result = orFailure(() => applyOps(image, ops));
    await writeImage(out, result);
    const { width, height } = result;
    const summary = `${out}: ${width} x ${height} pixels, operations done: ${ops.length}`;
    return { result: { width, height, ops, out }, summary };
  },
});
