import { expect, it } from 'vitest';
import { applyOps } from '../../../src/data/augment';
import { decodeRgb } from '../../../src/data/decode';
import { planSample } from '../../../src/data/plan';
import { openPool } from '../../../src/data/pool';
import { measureThroughput, testPhotos, throughputRecipe } from '../../../src/data/throughput';

it('a worker gives the pixels that the plan of each sample gives', async () => {
  const photos = await testPhotos(6, { width: 120, height: 90 });
  const recipe = throughputRecipe(64);
  const sampleIndex = photos.map((_, i) => i);
  const pool = openPool(1);
  const job = { source: 'test', seed: 3, epoch: 2, training: true, recipe, sampleIndex, images: photos };
  const { pixels, failures } = await pool.run(0, job);
  pool.close();
  expect(failures).toEqual([]);
  for (const i of sampleIndex) {
    const image = await decodeRgb(photos[i] as Uint8Array<ArrayBuffer>);
    const { data } = applyOps(image, planSample(recipe, 3, 2, i, image.width, image.height));
    expect(pixels.subarray(i * data.length, (i + 1) * data.length)).toEqual(data);
  }
});

it('one worker prepares hundreds of small images a second, more when they are decoded already', async () => {
  const { imagesPerSecond, decodedImagesPerSecond } = await measureThroughput(1);
  console.info('images/s of one worker', imagesPerSecond, 'decoded before', decodedImagesPerSecond);
  // Measured beside other work on two slow cores: 500 and 55, decoded before 1,900 and 190. A quarter of that still catches
  // a loop that the compiler gave up on.
  expect(imagesPerSecond[64]).toBeGreaterThan(120);
  expect(imagesPerSecond[224]).toBeGreaterThan(13);
  expect(decodedImagesPerSecond[64]).toBeGreaterThan(imagesPerSecond[64] as number);
});
