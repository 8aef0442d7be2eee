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

it('a rate is measured for small images and for photos, as they come and decoded before', async () => {
  const { imagesPerSecond, decodedImagesPerSecond } = await measureThroughput(1);
  // How fast is for `tricklab bench` to say: here other work has the machine too.
  for (const rates of [imagesPerSecond, decodedImagesPerSecond]) {
    expect(Object.keys(rates)).toEqual(['64', '224']);
    for (const rate of Object.values(rates)) expect(Number.isFinite(rate) && rate > 0).toBe(true);
  }
});
