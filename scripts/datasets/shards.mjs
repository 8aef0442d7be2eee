/** Writes WebDataset shards and their `_info.json`: the one format of every dataset here (webdataset and timm read it too). */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packTar } from 'modern-tar';

// Fixed, so that the same samples give the same bytes: 2020-01-01.
const mtime = new Date(Date.UTC(2020, 0, 1));

/**
 * @typedef {object} Sample
 * @property {number} label
 * @property {() => Promise<Uint8Array>} png
 */

/**
 * @typedef {object} Dataset
 * @property {string} name
 * @property {string} license
 * @property {string} source
 * @property {number} shuffleSeed
 * @property {string[]} classes
 * @property {number} side pixels
 * @property {number} shardLength samples
 * @property {Record<string, Sample[]>} splits name -> samples in their final, shuffled order
 */

/**
 * What a dataset is made from.
 * @typedef {object} Ingredients
 * @property {typeof import('../../src/core/rng').rng} rng
 * @property {string} modules the node_modules folder
 * @property {readonly string[]} [only] classes to take, all if absent: the rest of the dataset has no samples then
 */

/**
 * @param {string} name
 * @param {Uint8Array} body
 */
const member = (name, body) => ({ header: { name, size: body.length, mtime, mode: 0o644, uid: 0, gid: 0 }, body });

/** Shards wait for their encoder in this number of samples at once: enough to keep every core at work. */
const CONCURRENT = 16;

/** @param {Sample[]} samples */
async function encodeAll(samples) {
  /** @type {Uint8Array[]} */
  const images = new Array(samples.length);
  let next = 0;
  const worker = async () => {
    while (next < samples.length) {
      const i = next++;
      images[i] = await /** @type {Sample} */ (samples[i]).png();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
  return images;
}

/**
 * Writes `<folder>/<name>-<split>-0000.tar` ... and, last of all, `_info.json`: a folder with it is complete.
 * @param {string} folder emptied first
 * @param {Dataset & { builder: string }} dataset builder: what made it
 * @param {(line: string) => void} report progress, a line at a time
 */
export async function writeDataset(folder, dataset, report) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  /** @type {Record<string, object>} */
  const splits = {};
  // Keys go on from split to split: a key names one sample of the whole dataset.
  let key = 0;
  const total = Object.values(dataset.splits).reduce((sum, samples) => sum + samples.length, 0);
  for (const [split, samples] of Object.entries(dataset.splits)) {
    /** @type {{ filenames: string[], shard_lengths: number[], shard_bytes: number[], shard_sha256: string[] }} */
    const about = { filenames: [], shard_lengths: [], shard_bytes: [], shard_sha256: [] };
    for (let start = 0; start < samples.length; start += dataset.shardLength) {
      const part = samples.slice(start, start + dataset.shardLength);
      const images = await encodeAll(part);
      const members = part.flatMap((sample, i) => {
        const digits = String(key++).padStart(8, '0');
        return [
          member(`${digits}.png`, /** @type {Uint8Array} */ (images[i])),
          member(`${digits}.cls`, Buffer.from(String(sample.label))),
        ];
      });
      const bytes = await packTar(members);
      const filename = `${dataset.name}-${split}-${String(about.filenames.length).padStart(4, '0')}.tar`;
      writeFileSync(join(folder, filename), bytes);
      about.filenames.push(filename);
      about.shard_lengths.push(part.length);
      about.shard_bytes.push(bytes.length);
      about.shard_sha256.push(createHash('sha256').update(bytes).digest('hex'));
      report(`${key.toLocaleString('en')} of ${total.toLocaleString('en')} images`);
    }
    const counts = dataset.classes.map((_, label) => samples.filter((sample) => sample.label === label).length);
    splits[split] = { name: split, num_samples: samples.length, ...about, class_counts: counts };
  }
  const info = {
    format: 'wds',
    version: '1.0.0',
    name: dataset.name,
    license: dataset.license,
    source: dataset.source,
    shuffle_seed: dataset.shuffleSeed,
    classes: dataset.classes,
    image: { ext: 'png', short_side: dataset.side },
    splits,
    builder: dataset.builder,
  };
  writeFileSync(join(folder, '_info.json'), `${JSON.stringify(info, null, 1)}\n`);
}
