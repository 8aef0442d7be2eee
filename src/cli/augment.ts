/** The command `augment`: image operations on a file, the same code that prepares training images. */
import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import sharp from 'sharp';
import { parseImageOps } from '../catalog/image-ops';
import { applyOps } from '../data/augment';
import type { RgbImage } from '../data/types';
import { readArguments } from './arguments';
import { Failure } from './failure';
import { answer, type Output, save } from './output';

/** Pixels as the data workers decode them: colours as stored, EXIF orientation applied, transparency on white. */
async function readImage(path: string): Promise<RgbImage> {
  if (!existsSync(path)) throw new Failure(`There is no file "${path}".`);
  try {
    const { data, info } = await sharp(path, { ignoreIcc: true })
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

function readOps(word: string) {
  const text = existsSync(word) ? readFileSync(word, 'utf8') : word;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Failure(`--ops takes JSON, or a file of JSON: ${(error as Error).message}`);
  }
  try {
    return parseImageOps(value);
  } catch (error) {
    throw new Failure((error as Error).message);
  }
}

export async function augment(argv: readonly string[], output: Output): Promise<void> {
  const { values, json } = readArguments(argv, ['image', 'ops', 'out'], 0);
  const { image: from, ops: opsWord, out } = values;
  if (from === undefined || opsWord === undefined || out === undefined) {
    throw new Failure('augment needs --image, --ops and --out.');
  }
  const ops = readOps(opsWord);
  const image = await readImage(from);
  let result: RgbImage;
  try {
    result = applyOps(image, ops);
  } catch (error) {
    // An operation that does not fit this image, in words.
    throw new Failure((error as Error).message);
  }
  await writeImage(out, result);
  const { width, height } = result;
  answer(output, { width, height, ops, out }, `${out}: ${width} x ${height} pixels, operations done: ${ops.length}`, {
    json,
  });
}
