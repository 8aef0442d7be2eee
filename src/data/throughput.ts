/** How fast one data worker prepares training images: decoding, cropping, RandAugment, erasing. Runs in a page or a worker. */
import { defaultOptions } from '../catalog/parts';
import { tricks } from '../catalog/tricks';
import { rng } from '../core/rng';
import { openPool } from './pool';
import type { SampleRecipe } from './types';

/** The augmentation of the CMT authors' recipe but for mixing, which the GPU does. */
const RECIPE = ['random-resized-crop', 'flip', 'rand-augment', 'random-erasing'];

/** Input side -> size of the stored images: short sides as in small data sets, and ImageNet's usual photo. Pixels. */
const STORED: Record<number, { width: number; height: number }> = {
  64: { width: 96, height: 96 },
  224: { width: 500, height: 375 },
};

const JOB = 32;
/** As many jobs as the loader has under way. */
const IN_FLIGHT = 3;

export interface Throughput {
  /** Input side in pixels -> images a second of one worker, from JPEG bytes to augmented pixels. */
  imagesPerSecond: Record<number, number>;
  /** The same for images that the worker still holds decoded, as it does small data sets after their first epoch. */
  decodedImagesPerSecond: Record<number, number>;
}

export function throughputRecipe(size: number): SampleRecipe {
  const on = Object.fromEntries(RECIPE.map((id) => [id, true]));
  return { size, on, options: Object.fromEntries(tricks.map((trick) => [trick.id, defaultOptions(trick)])) };
}

/** JPEG images with the smooth areas, edges and grain of photos. */
export async function testPhotos(
  count: number,
  { width, height }: { width: number; height: number },
): Promise<Uint8Array<ArrayBuffer>[]> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser has no 2D canvas here.');
  const photos: Uint8Array<ArrayBuffer>[] = [];
  for (let photo = 0; photo < count; photo++) {
    const stream = rng(photo, 'test photo');
    const color = () => `rgb(${stream.int(256)} ${stream.int(256)} ${stream.int(256)})`;
    const sky = context.createLinearGradient(0, 0, width, height);
    sky.addColorStop(0, color());
    sky.addColorStop(1, color());
    context.fillStyle = sky;
    context.fillRect(0, 0, width, height);
    for (let shape = 0; shape < 40; shape++) {
      context.fillStyle = color();
      context.beginPath();
      const radius = (stream.uniform() * height) / 6;
      context.ellipse(stream.int(width), stream.int(height), radius, radius / 2, stream.uniform(0, 3), 0, 2 * Math.PI);
      context.fill();
    }
    const pixels = context.getImageData(0, 0, width, height);
    for (let i = 0; i < pixels.data.length; i++)
      pixels.data[i] = (pixels.data[i] as number) + (stream.uint32() % 17) - 8;
    context.putImageData(pixels, 0, 0);
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
    photos.push(new Uint8Array(await blob.arrayBuffer()));
  }
  return photos;
}

/** Images a second of one worker over about the given seconds, after as many to warm up; keep: decoded images are kept. */
async function measure(photos: Uint8Array[], size: number, keep: boolean, seconds: number): Promise<number> {
  const pool = openPool(1);
  const recipe = throughputRecipe(size);
  let job = 0;
  const run = async () => {
    const source = keep ? 'kept' : `once-${job}`;
    const sampleIndex = photos.map((_, i) => i);
    const { failures } = await pool.run(0, {
      source,
      seed: 1,
      epoch: job++,
      training: true,
      recipe,
      sampleIndex,
      images: photos,
    });
    if (failures[0]) throw new Error(`A test photo ${failures[0].message}.`);
    if (!keep) pool.forget(source);
  };
  const runFor = async (duration: number) => {
    const start = performance.now();
    let done = 0;
    const lane = async () => {
      while (performance.now() - start < duration * 1000) {
        await run();
        done += photos.length;
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    return done / ((performance.now() - start) / 1000);
  };
  try {
    await runFor(seconds);
    return await runFor(seconds);
  } finally {
    pool.close();
  }
}

/** The rates of one worker at 64 and 224 pixels; takes about eight times the given seconds. */
export async function measureThroughput(seconds = 2): Promise<Throughput> {
  const result: Throughput = { imagesPerSecond: {}, decodedImagesPerSecond: {} };
  for (const [side, stored] of Object.entries(STORED)) {
    const size = Number(side);
    const photos = await testPhotos(JOB, stored);
    result.imagesPerSecond[size] = await measure(photos, size, false, seconds);
    result.decodedImagesPerSecond[size] = await measure(photos, size, true, seconds);
  }
  return result;
}
