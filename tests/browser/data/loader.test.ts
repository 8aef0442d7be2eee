import { packTar } from 'modern-tar';
import { afterEach, describe, expect, it } from 'vitest';
import { tricks } from '../../../src/catalog/tricks';
import type { ShardCache } from '../../../src/data/cache';
import { decodeRgb } from '../../../src/data/decode';
import { holdOut } from '../../../src/data/holdout';
import { type Loader, type LoaderOptions, openLoader } from '../../../src/data/loader';
import type { Batch, ShardIndex } from '../../../src/data/types';

const SIDE = 12;
const BASE = 'https://shards.invalid/';

/** RGBA pixels that name their sample: red = number, the rest a pattern. Opaque, so that PNG keeps them. */
function rgba(sample: number): Uint8ClampedArray<ArrayBuffer> {
  const data = new Uint8ClampedArray(SIDE * SIDE * 4);
  for (let i = 0; i < SIDE * SIDE; i++) data.set([sample, (i * 5 + sample * 3) % 256, (i * i) % 256, 255], i * 4);
  return data;
}

async function png(sample: number): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  canvas.getContext('2d')?.putImageData(new ImageData(rgba(sample), SIDE, SIDE), 0, 0);
  return new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer());
}

const labelOf = (sample: number) => (sample * 7) % 5;
const keyOf = (sample: number) => String(sample).padStart(8, '0');

interface Site {
  index: ShardIndex;
  fetch: typeof fetch;
  /** Shards that were asked for, in order. */
  asked: string[];
}

/** A data set of PNG shards behind an injected fetch; damage changes encoded images before they are packed. */
async function site(
  shardLengths: number[],
  damage: (sample: number, image: Uint8Array) => Uint8Array = (_, image) => image,
): Promise<Site> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const sha256: string[] = [];
  let sample = 0;
  for (const [shard, length] of shardLengths.entries()) {
    const entries = [];
    for (let i = 0; i < length; i++, sample++) {
      const image = damage(sample, await png(sample));
      const label = new TextEncoder().encode(String(labelOf(sample)));
      entries.push(
        { header: { name: `${keyOf(sample)}.png`, size: image.length, mtime: new Date(0) }, body: image },
        { header: { name: `${keyOf(sample)}.cls`, size: label.length, mtime: new Date(0) }, body: label },
      );
    }
    const archive = await packTar(entries);
    files.set(`${BASE}s-${shard}.tar`, archive);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', archive));
    sha256.push(Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''));
  }
  const filenames = shardLengths.map((_, shard) => `s-${shard}.tar`);
  const split = { name: 'train', num_samples: sample, filenames, shard_lengths: shardLengths, shard_sha256: sha256 };
  const asked: string[] = [];
  return {
    index: { name: 'tiny', classes: ['a', 'b', 'c', 'd', 'e'], splits: { train: split }, baseUrl: BASE },
    asked,
    fetch: async (input) => {
      asked.push(String(input).slice(BASE.length));
      const bytes = files.get(String(input));
      return bytes ? new Response(bytes.slice()) : new Response(null, { status: 404 });
    },
  };
}

const options = Object.fromEntries(
  tricks.map((trick) => [trick.id, trick.options.parse({}) as Record<string, number>]),
);
const plain = { size: SIDE, on: {}, options };
const augmented = { size: 10, on: { 'random-resized-crop': true, flip: true, 'color-jitter': true }, options };

const open: Loader[] = [];
afterEach(() => {
  for (const loader of open.splice(0)) loader.close();
});

async function loader(site: Site, changes: Partial<LoaderOptions> = {}): Promise<Loader> {
  const { index, fetch } = site;
  const base = { index, fetch, split: 'train', seed: 1, batchSize: 4, recipe: plain, training: true, workers: 1 };
  const opened = await openLoader({ ...base, ...changes });
  open.push(opened);
  return opened;
}

async function collect(loader: Loader, epoch: number, startBatch = 0): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(epoch, startBatch)) batches.push(batch);
  return batches;
}

const keys = (batches: Batch[]) => batches.flatMap((batch) => batch.keys);

describe('the loader', () => {
  it('decodes PNG to the exact pixels', async () => {
    const { data } = await decodeRgb(new Uint8Array(await png(200)));
    expect(data).toEqual(new Uint8Array(rgba(200)).filter((_, i) => i % 4 !== 3));
  });

  it('gives the same batches with one and with three workers, bit for bit, and with other prefetching', async () => {
    const data = await site([9, 9, 9, 9, 9, 4]);
    const one = await collect(await loader(data, { recipe: augmented, workers: 1 }), 3);
    const three = await collect(await loader(data, { recipe: augmented, workers: 3, memoryBytes: 1 }), 3);
    expect(one.length).toBe(12);
    expect(three).toEqual(one);
    for (const { pixels, count } of one) expect([count, pixels.length]).toEqual([4, 4 * 10 * 10 * 3]);
  });

  it('gives every label and pixel with its key', async () => {
    const batches = await collect(await loader(await site([9, 9, 4])), 0);
    expect(batches.length).toBe(5);
    for (const { keys, labels, pixels } of batches) {
      keys.forEach((key, slot) => {
        const sample = Number(key);
        expect(labels[slot]).toBe(labelOf(sample));
        const image = pixels.subarray(slot * SIDE * SIDE * 3, (slot + 1) * SIDE * SIDE * 3);
        expect(image).toEqual(new Uint8Array(rgba(sample)).filter((_, i) => i % 4 !== 3));
      });
    }
  });

  it('has another order in every epoch and with every seed, and augments anew', async () => {
    const data = await site([9, 9, 4]);
    const first = await loader(data, { recipe: augmented });
    const epoch0 = await collect(first, 0);
    expect(keys(await collect(first, 1))).not.toEqual(keys(epoch0));
    expect(keys(await collect(await loader(data, { seed: 2 }), 0))).not.toEqual(keys(epoch0));
    expect(await collect(first, 0)).toEqual(epoch0);
    const pixelsOf = (batches: Batch[], key: string) => {
      const batch = batches.find((b) => b.keys.includes(key)) as Batch;
      return batch.pixels.slice(batch.keys.indexOf(key) * 300, batch.keys.indexOf(key) * 300 + 300);
    };
    const epoch1 = await collect(first, 1);
    const key = keys(epoch0).find((k) => keys(epoch1).includes(k)) as string;
    expect(pixelsOf(epoch0, key)).not.toEqual(pixelsOf(epoch1, key));
  });

  it('resumes in the middle of an epoch, without the shards that lie before', async () => {
    const lengths = new Array(12).fill(4);
    const whole = await collect(await loader(await site(lengths)), 5);
    const data = await site(lengths);
    const rest = await collect(await loader(data), 5, 10);
    expect(rest).toEqual(whole.slice(10));
    // Three blocks of four shards: two batches into the last one, plus two shards of the next epoch.
    expect(new Set(data.asked).size).toBeLessThanOrEqual(6);
  });

  it('evaluates every sample exactly once, in order', async () => {
    const batches = await collect(await loader(await site([9, 9, 4]), { training: false, batchSize: 5 }), 0);
    expect(batches.map(({ count }) => count)).toEqual([5, 5, 5, 5, 2]);
    expect(keys(batches)).toEqual(Array.from({ length: 22 }, (_, i) => keyOf(i)));
  });

  it('keeps a share of the data, the same for every seed', async () => {
    const data = await site([20, 20]);
    const sets = [];
    for (const seed of [1, 2]) {
      const some = await loader(data, { fraction: 0.3, seed, batchSize: 3 });
      expect(some.samples).toBe(12);
      sets.push(keys(await collect(some, 0)).sort());
    }
    expect(sets[0]?.length).toBe(12);
    expect(sets[1]).toEqual(sets[0]);
  });

  it('evaluates a share of many shards without downloading the others', async () => {
    const data = await site(new Array(20).fill(2));
    const some = await loader(data, { training: false, fraction: 0.2 });
    expect(keys(await collect(some, 0)).length).toBe(8);
    expect(new Set(data.asked).size).toBe(4);
  });

  it('trains on one part of a split and evaluates on the other', async () => {
    const data = await site([20, 20]);
    const parts = await holdOut({ ...data, split: 'train' });
    const train = await loader(data, { within: parts?.training, batchSize: 1 });
    const validation = await loader(data, { within: parts?.validation, training: false });
    const [trained, validated] = [keys(await collect(train, 0)), keys(await collect(validation, 0))];
    // Five classes of eight: one of each.
    expect(validated.map((key) => labelOf(Number(key))).sort()).toEqual([0, 1, 2, 3, 4]);
    expect([...trained, ...validated].sort()).toEqual(Array.from({ length: 40 }, (_, i) => keyOf(i)));
  });

  it('downloads a shard once when it fits into memory', async () => {
    const data = await site([9, 9]);
    const two = await loader(data);
    for (const epoch of [0, 1, 2]) await collect(two, epoch);
    expect(data.asked.sort()).toEqual(['s-0.tar', 's-1.tar']);
  });
});

describe('shards on disk', () => {
  it('are read instead of downloaded, and downloaded again when they are damaged', async () => {
    const data = await site([6, 6]);
    const expected = await collect(await loader(data), 0);
    const disk = new Map<string, Uint8Array<ArrayBuffer>>();
    const cache: ShardCache = {
      get: async (name) => disk.get(name)?.slice(),
      put: async (name, bytes) => void disk.set(name, bytes.slice()),
    };
    await collect(await loader(data, { cache }), 0);
    expect([...disk.keys()].sort()).toEqual([...(data.index.splits.train?.shard_sha256 ?? [])].sort());
    data.asked.length = 0;
    expect(await collect(await loader(data, { cache }), 0)).toEqual(expected);
    expect(data.asked).toEqual([]);
    const damaged = data.index.splits.train?.shard_sha256?.[1] as string;
    disk.get(damaged)?.fill(0, 100, 200);
    expect(await collect(await loader(data, { cache }), 0)).toEqual(expected);
    expect(data.asked).toEqual(['s-1.tar']);
  });
});

describe('bad data', () => {
  const cut = (bad: number[]) => (sample: number, image: Uint8Array) =>
    bad.includes(sample) ? image.slice(0, 60) : image;

  it('replaces a damaged sample by one that the epoch leaves over, whatever the worker count, and says so', async () => {
    // 23 images make five batches of four; three are left over.
    const good = await collect(await loader(await site([12, 11])), 0);
    const bad = Number(keys(good)[5]);
    const data = await site([12, 11], cut([bad]));
    const problems: string[] = [];
    const damaged = await loader(data, { onProblem: (message) => problems.push(message) });
    const batches = await collect(damaged, 0);
    expect(await collect(await loader(data, { workers: 3 }), 0)).toEqual(batches);
    expect(new Set(keys(batches)).size).toBe(20);
    expect(keys(batches).filter((key, place) => key !== keys(good)[place])).toHaveLength(1);
    expect(keys(batches)).not.toContain(keyOf(bad));
    for (const batch of batches) expect([...batch.labels]).toEqual(batch.keys.map((key) => labelOf(Number(key))));
    expect(damaged.stats().corrupt).toBe(1);
    expect(problems).toEqual([`Sample '${keyOf(bad)}' is a damaged png image. Another one takes its place.`]);
  });

  it('repeats no image of the batch where the epoch leaves none over', async () => {
    const data = await site([10, 10], cut([13]));
    for (const epoch of [0, 1, 2]) {
      const batches = await collect(await loader(data), epoch);
      for (const batch of batches) expect(new Set(batch.keys).size).toBe(4);
      expect(new Set(keys(batches)).size).toBe(19);
    }
  });

  it('leaves a damaged sample out in evaluation', async () => {
    const evaluation = await loader(await site([10], cut([3])), { training: false });
    const batches = await collect(evaluation, 0);
    expect(batches.map(({ count }) => count)).toEqual([3, 4, 2]);
    expect(keys(batches)).not.toContain(keyOf(3));
    expect(keys(batches).length).toBe(9);
  });

  it('fails when more than one in a hundred is damaged', async () => {
    const bad = await loader(await site([10, 10], cut([2, 11])));
    await expect(collect(bad, 0)).rejects.toThrow("2 of 20 images of 'tiny' (train) can't be used, more than 1 %");
  });

  it('fetches a shard again when its hash differs, and survives cut connections', async () => {
    const data = await site([6, 6]);
    const expected = await collect(await loader(data), 0);
    const asked: Record<string, number> = {};
    const flaky: typeof fetch = async (input) => {
      const url = String(input);
      asked[url] = (asked[url] ?? 0) + 1;
      if (asked[url] === 1) throw new TypeError('Failed to fetch');
      const bytes = new Uint8Array(await (await data.fetch(input)).arrayBuffer());
      if (asked[url] === 2) bytes[600] = (bytes[600] as number) ^ 1;
      return new Response(bytes);
    };
    expect(await collect(await loader(data, { fetch: flaky }), 0)).toEqual(expected);
    expect(Object.values(asked)).toEqual([3, 3]);
  });

  it('names the shard whose hash stays wrong', async () => {
    const data = await site([6, 6]);
    (data.index.splits.train?.shard_sha256 as string[])[1] = '0'.repeat(64);
    const failing = collect(await loader(data), 0);
    await expect(failing).rejects.toThrow(
      "The shard s-1.tar of 'tiny' (train) can't be used: its SHA-256 differs from the index. It is where all 6 images should be.",
    );
    expect(data.asked.filter((name) => name === 's-1.tar').length).toBe(2);
  });

  it('says which file is missing', async () => {
    const data = await site([8]);
    const missing: typeof fetch = async () => new Response(null, { status: 404 });
    await expect(collect(await loader(data, { fetch: missing }), 0)).rejects.toThrow(`${BASE}s-0.tar does not exist`);
  });

  it('refuses a batch that is larger than the data', async () => {
    await expect(loader(await site([3]))).rejects.toThrow('has 3 images to use, too few for a batch of 4');
  });
});
