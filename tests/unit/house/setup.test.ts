/** Set-up as a bare clone meets it: the command itself, and the datasets that it has built. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackTar } from 'modern-tar';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { buildDatasets } from '../../../scripts/build-datasets.mjs';
import { drawnEmoji, render } from '../../../scripts/datasets/emoji.mjs';
import { emoji as emojiDataset } from '../../../src/catalog/datasets/emoji';
import { fashionMnist } from '../../../src/catalog/datasets/fashion-mnist';
import type { ShardIndex } from '../../../src/data/types';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const datasets = join(root, 'public', 'datasets');
const modules = join(root, 'node_modules');

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

type Info = Omit<ShardIndex, 'baseUrl'> & { format: string; image: { ext: string; short_side: number } };
const infoOf = (name: string): Info => JSON.parse(readFileSync(join(datasets, name, '_info.json'), 'utf8'));

async function samplesOf(name: string, filename: string) {
  const members = await unpackTar(readFileSync(join(datasets, name, filename)));
  const samples = [];
  for (let i = 0; i < members.length; i += 2) {
    const [image, label] = [members[i], members[i + 1]];
    const key = image?.header.name.slice(0, 8) ?? '';
    expect([image?.header.name, label?.header.name]).toEqual([`${key}.png`, `${key}.cls`]);
    expect(key).toMatch(/^\d{8}$/);
    expect(image?.header.mtime?.toISOString()).toBe('2020-01-01T00:00:00.000Z');
    samples.push({
      key,
      png: image?.data as Uint8Array,
      label: Number(Buffer.from(label?.data as Uint8Array).toString()),
    });
  }
  return samples;
}

/** A name for what an image looks like: two files with the same pixels have the same. */
async function look(image: Uint8Array | string): Promise<string> {
  const { data } = await sharp(image).flatten({ background: '#ffffff' }).toColourspace('srgb').raw().toBuffer({
    resolveWithObject: true,
  });
  return sha256(data);
}

describe.each(['emoji', 'fashion-mnist'])('the dataset %s', (name) => {
  it('has an index that agrees with every shard', () => {
    const { format, classes, splits } = infoOf(name);
    expect(format).toBe('wds');
    expect(classes).toHaveLength(10);
    for (const split of Object.values(splits)) {
      split.filenames.forEach((filename, i) => {
        const bytes = readFileSync(join(datasets, name, filename));
        expect(filename).toBe(`${name}-${split.name}-${String(i).padStart(4, '0')}.tar`);
        expect(bytes.length).toBe(split.shard_bytes?.[i]);
        expect(sha256(bytes)).toBe(split.shard_sha256?.[i]);
      });
      const full = split.shard_lengths.slice(0, -1);
      expect(new Set(full).size).toBeLessThanOrEqual(1);
      expect(split.shard_lengths.reduce((a, b) => a + b, 0)).toBe(split.num_samples);
      expect(split.class_counts?.reduce((a, b) => a + b, 0)).toBe(split.num_samples);
    }
  });

  it('has labels that agree with the index, unique keys and images of the promised size', async () => {
    const { splits, image } = infoOf(name);
    const { filenames, class_counts } = splits.validation as NonNullable<typeof splits.validation>;
    const samples = (await Promise.all(filenames.map((filename) => samplesOf(name, filename)))).flat();
    const counts = class_counts?.map((_, label) => samples.filter((sample) => sample.label === label).length);
    expect(counts).toEqual(class_counts);
    expect(new Set(samples.map((sample) => sample.key)).size).toBe(samples.length);
    for (const sample of samples.slice(0, 20)) {
      const { width, height, format } = await sharp(sample.png).metadata();
      expect([width, height, format]).toEqual([image.short_side, image.short_side, 'png']);
    }
    // Shuffled: the labels of the first hundred are of many classes.
    expect(new Set(samples.slice(0, 100).map((sample) => sample.label)).size).toBeGreaterThan(5);
  });
});

describe('fashion-mnist', () => {
  it('holds out 1,000 images of a class, each one of the package, none of them trained on', async () => {
    const { data } = JSON.parse(readFileSync(join(modules, 'fashion-mnist', 'src', 'clothes', '0.json'), 'utf8'));
    const source = new Set((data as number[][]).map((pixels) => sha256(Uint8Array.from(pixels))));
    const grey = async (png: Uint8Array) => sha256(await sharp(png).toColourspace('b-w').raw().toBuffer());
    const ofClass0 = async (filenames: string[]) => {
      const samples = (await Promise.all(filenames.map((file) => samplesOf('fashion-mnist', file)))).flat();
      return Promise.all(samples.filter((sample) => sample.label === 0).map((sample) => grey(sample.png)));
    };
    const { train, validation } = infoOf('fashion-mnist').splits;
    const held = await ofClass0(validation?.filenames ?? []);
    const trained = await ofClass0((train?.filenames ?? []).slice(0, 4));
    expect(held).toHaveLength(1000);
    expect(trained.length).toBeGreaterThan(300);
    expect([...held, ...trained].filter((image) => !source.has(image))).toEqual([]);
    expect(trained.filter((image) => held.includes(image))).toEqual([]);
  });
});

describe('emoji', () => {
  const drawn = drawnEmoji(modules);

  it('names an emoji and its skin tones alike', () => {
    const byCodes = new Map(drawn.map((one) => [one.codes, one]));
    const tones = drawn.filter(({ codes }) => /-1f3f[b-f]/.test(codes));
    expect(tones.length).toBeGreaterThan(1500);
    const plain = tones.map(({ codes, emoji }) => ({ emoji, base: byCodes.get(codes.replace(/-1f3f[b-f]/g, '')) }));
    // Two skin tones in one handshake or couple have a base that is written otherwise.
    expect(plain.filter(({ base }) => base).length).toBeGreaterThan(1400);
    expect(plain.filter(({ emoji, base }) => base && base.emoji !== emoji)).toEqual([]);
    expect(byCodes.get('1f469-1f3fb-200d-1f91d-200d-1f468-1f3ff')?.emoji).toBe(byCodes.get('1f46b')?.emoji);
  });

  it('keeps an emoji and its skin tones on one side, and tests the style on the emoji of validation', async () => {
    /** Look -> the emoji that look so: Twitter draws some alike. */
    const emojiByLook = async (style: 'noto' | 'twemoji') => {
      const found = new Map<string, Set<string>>();
      const looks = await Promise.all(drawn.map(async (one) => look(await render(one[style]))));
      looks.forEach((key, i) => {
        found.set(key, (found.get(key) ?? new Set()).add(drawn[i]?.emoji ?? ''));
      });
      return found;
    };
    const looksOf = async (split: string) => {
      const filenames = infoOf('emoji').splits[split]?.filenames ?? [];
      const samples = await Promise.all(filenames.map((file) => samplesOf('emoji', file)));
      return Promise.all(samples.flat().map((sample) => look(sample.png)));
    };
    const [train, validation, style] = [await looksOf('train'), await looksOf('validation'), await looksOf('style')];
    expect(validation.filter((one) => train.includes(one))).toEqual([]);
    expect(style.length).toBe(validation.length);

    const noto = await emojiByLook('noto');
    const twemoji = await emojiByLook('twemoji');
    const emojiOf = (looks: string[], known: Map<string, Set<string>>) => {
      expect(looks.filter((one) => !known.has(one))).toEqual([]);
      return new Set(looks.flatMap((one) => [...(known.get(one) as Set<string>)]));
    };
    const trained = emojiOf(train, noto);
    const held = emojiOf(validation, noto);
    expect(trained.size).toBeGreaterThan(1400);
    expect(held.size).toBeGreaterThan(350);
    expect([...held].filter((emoji) => trained.has(emoji))).toEqual([]);
    const styled = emojiOf(style, twemoji);
    expect([...held].filter((emoji) => !styled.has(emoji))).toEqual([]);
    expect(infoOf('emoji').splits.style?.class_counts).toEqual(infoOf('emoji').splits.validation?.class_counts);
  }, 180_000);
});

describe.each([emojiDataset, fashionMnist])("the catalog's facts of $id", (dataset) => {
  it('are those of the shards', async () => {
    const { classes, image, license, splits } = infoOf(dataset.id);
    expect(dataset.classes).toBe(classes.length);
    expect(dataset.imageSide).toBe(image.short_side);
    expect(dataset.trainImages).toBe(splits.train?.num_samples);
    expect(dataset.license.slice(0, 3)).toBe(license?.slice(0, 3));
    // All of emoji; of Fashion-MNIST enough to know the third digit.
    const files = (splits.train?.filenames ?? []).slice(0, 8);
    const samples = (await Promise.all(files.map((file) => samplesOf(dataset.id, file)))).flat();
    const sums = [0, 0, 0];
    const squares = [0, 0, 0];
    for (const { png } of samples) {
      const pixels = await sharp(png).toColourspace('srgb').raw().toBuffer();
      pixels.forEach((value, i) => {
        sums[i % 3] = (sums[i % 3] as number) + value / 255;
        squares[i % 3] = (squares[i % 3] as number) + (value / 255) ** 2;
      });
    }
    const count = samples.length * image.short_side ** 2;
    sums.forEach((sum, channel) => {
      const mean = sum / count;
      expect(Math.abs(mean - (dataset.mean[channel] as number))).toBeLessThan(0.003);
      const std = Math.sqrt((squares[channel] as number) / count - mean ** 2);
      expect(Math.abs(std - (dataset.std[channel] as number))).toBeLessThan(0.003);
    });
  });
});

describe('set-up', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tricklab-datasets-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('builds the same bytes every time, and again only if a shard is missing', async () => {
    const build = () => buildDatasets({ names: ['emoji'], target: folder, log: () => undefined });
    expect(await build()).toEqual(['emoji']);
    expect(readFileSync(join(folder, 'emoji', '_info.json'), 'utf8')).toBe(
      readFileSync(join(datasets, 'emoji', '_info.json'), 'utf8'),
    );
    expect(await build()).toEqual([]);
    rmSync(join(folder, 'emoji', 'emoji-train-0000.tar'));
    expect(await build()).toEqual(['emoji']);
  }, 180_000);

  const setup = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'scripts', 'setup.mjs'), ...args], { encoding: 'utf8' });

  it('does nothing, silently and within a second, when everything is there', () => {
    const times = [1, 2, 3].map(() => {
      const start = performance.now();
      const { status, stdout, stderr } = setup('--browser');
      expect([status, stdout, stderr]).toEqual([0, '', '']);
      return performance.now() - start;
    });
    // The best of three, because other tests may have the machine for themselves meanwhile.
    expect(Math.min(...times)).toBeLessThan(1000);
  });

  it('refuses an option that it does not know', () => {
    const { status, stderr } = setup('--browsr');
    expect(status).toBe(1);
    expect(stderr).toContain('--browsr');
  });
});
