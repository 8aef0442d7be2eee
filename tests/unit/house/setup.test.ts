/** Set-up as a bare clone meets it: the command itself, and the datasets that it has built. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { unpackTar } from 'modern-tar';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { buildDatasets } from '../../../scripts/build-datasets.mjs';
import { drawnEmoji, render } from '../../../scripts/datasets/emoji.mjs';
import { datasets as catalog } from '../../../src/catalog/datasets';
import type { ShardIndex } from '../../../src/data/types';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const datasets = join(root, 'public', 'datasets');
const modules = join(root, 'node_modules');
const loadedModules = join(root, 'tests', 'support', 'loaded-modules.mjs');

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

type Info = Omit<ShardIndex, 'baseUrl'> & {
  format: string;
  image: { ext: string; short_side: number };
  builder: string;
};
const infoOf = (name: string, folder = datasets): Info =>
  JSON.parse(readFileSync(join(folder, name, '_info.json'), 'utf8'));

async function samplesOf(name: string, filename: string, folder = datasets) {
  const members = await unpackTar(readFileSync(join(folder, name, filename)));
  const samples = [];
  // One expectation a file: one a member would take longer than reading it.
  const odd: string[] = [];
  for (let i = 0; i < members.length; i += 2) {
    const [image, label] = [members[i], members[i + 1]];
    const key = image?.header.name.slice(0, 8) ?? '';
    const named = image?.header.name === `${key}.png` && label?.header.name === `${key}.cls` && /^\d{8}$/.test(key);
    if (!named || image.header.mtime?.getTime() !== Date.UTC(2020, 0, 1)) odd.push(key);
    samples.push({
      key,
      png: image?.data as Uint8Array,
      label: Number(Buffer.from(label?.data as Uint8Array).toString()),
    });
  }
  expect(odd).toEqual([]);
  return samples;
}

/** A name for what an image looks like: two files with the same pixels have the same. */
async function look(image: Uint8Array | string): Promise<string> {
  const { data } = await sharp(image).flatten({ background: '#ffffff' }).toColourspace('srgb').raw().toBuffer({
    resolveWithObject: true,
  });
  return sha256(data);
}

/** What set-up builds. */
const built = catalog.filter(({ brought }) => !brought);

describe.each(built.map(({ id }) => id))('the dataset %s', (name) => {
  it('has an index that agrees with every shard', () => {
    const { format, classes, splits } = infoOf(name);
    expect(format).toBe('wds');
    expect(new Set(classes).size).toBe(classes.length);
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

  it('has no look on both sides, and tests the style on as many drawings as validation has', async () => {
    const { splits } = infoOf('emoji');
    const looksOf = async (split: string) => {
      const samples = await Promise.all((splits[split]?.filenames ?? []).map((file) => samplesOf('emoji', file)));
      return Promise.all(samples.flat().map((sample) => look(sample.png)));
    };
    const train = new Set(await looksOf('train'));
    const validation = await looksOf('validation');
    expect(validation.filter((one) => train.has(one))).toEqual([]);
    expect(splits.style?.num_samples).toBe(validation.length);
    expect(splits.style?.class_counts).toEqual(splits.validation?.class_counts);
  });

  it('keeps an emoji and its skin tones on one side, and draws the held ones in both styles', async () => {
    // Every sixteenth name with all its tones: drawing all 3,600 twice takes half a minute.
    const names = [...new Set(drawn.map(({ emoji }) => emoji))].filter((_, i) => i % 16 === 0);
    const { splits } = infoOf('emoji');
    const pngsOf = async (split: string) => {
      const samples = await Promise.all((splits[split]?.filenames ?? []).map((file) => samplesOf('emoji', file)));
      return new Map(samples.flat().map(({ png, label }) => [sha256(png), label]));
    };
    const [train, validation, style] = [await pngsOf('train'), await pngsOf('validation'), await pngsOf('style')];
    const { classes } = infoOf('emoji');
    const sides = await Promise.all(
      names.map(async (name) => {
        const family = drawn.filter(({ emoji }) => emoji === name);
        const noto = await Promise.all(family.map(async (one) => sha256(await render(one.noto))));
        const held = noto.filter((png) => validation.has(png));
        const trained = noto.filter((png) => train.has(png));
        // A drawing that looks like an earlier one is dropped, and found as that one.
        expect([held.length, trained.length], name).toContain(family.length);
        for (const png of noto)
          expect(classes[validation.get(png) ?? (train.get(png) as number)], name).toBe(family[0]?.group);
        if (held.length === 0) return 'trained';
        const twemoji = await Promise.all(family.map(async (one) => sha256(await render(one.twemoji))));
        expect(
          twemoji.filter((png) => !style.has(png)),
          name,
        ).toEqual([]);
        return 'held';
      }),
    );
    const held = sides.filter((side) => side === 'held').length;
    expect(names.length).toBeGreaterThan(110);
    // A fifth of each group.
    expect(held / names.length).toBeGreaterThan(0.1);
    expect(held / names.length).toBeLessThan(0.3);
  });
});

describe.each(built)("the catalog's facts of $id", (dataset) => {
  it('are those of the shards', async () => {
    const { classes, image, license, splits } = infoOf(dataset.id);
    expect(dataset.classes).toBe(classes.length);
    expect(dataset.imageSide).toBe(image.short_side);
    expect(dataset.trainImages).toBe(splits.train?.num_samples);
    expect(dataset.license.slice(0, 3)).toBe(license?.slice(0, 3));
    // All of emoji; of Fashion-MNIST enough to know the third digit.
    const files = (splits.train?.filenames ?? []).slice(0, 6);
    const samples = (await Promise.all(files.map((file) => samplesOf(dataset.id, file)))).flat();
    // How often each value of each channel comes: 8 million pixels are counted in a tenth of a second, and added up in seconds.
    const histograms = [0, 1, 2].map(() => new Float64Array(256));
    await Promise.all(
      samples.map(async ({ png }) => {
        const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
        histograms.forEach((histogram, channel) => {
          for (let i = channel % info.channels; i < data.length; i += info.channels) {
            const value = data[i] as number;
            histogram[value] = (histogram[value] as number) + 1;
          }
        });
      }),
    );
    const count = samples.length * image.short_side ** 2;
    histograms.forEach((histogram, channel) => {
      const mean = histogram.reduce((sum, times, value) => sum + times * (value / 255), 0) / count;
      expect(Math.abs(mean - (dataset.mean[channel] as number))).toBeLessThan(0.003);
      const squares = histogram.reduce((sum, times, value) => sum + times * (value / 255) ** 2, 0) / count;
      expect(Math.abs(Math.sqrt(squares - mean ** 2) - (dataset.std[channel] as number))).toBeLessThan(0.003);
    });
  });
});

describe('set-up', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tricklab-datasets-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('builds of emoji what lies there: every file of a class, on the same side', async () => {
    // With Norway's flag, which is Svalbard's too.
    const only = 'Flags';
    const target = join(folder, 'slice');
    expect(await buildDatasets({ names: ['emoji'], only: [only], target, log: () => undefined })).toEqual(['emoji']);
    const { classes, splits, builder } = infoOf('emoji');
    for (const split of Object.keys(splits)) {
      const files = async (from: string) => {
        const names = infoOf('emoji', from).splits[split]?.filenames ?? [];
        const samples = (await Promise.all(names.map((file) => samplesOf('emoji', file, from)))).flat();
        return samples.filter(({ label }) => classes[label] === only).map(({ png }) => sha256(png));
      };
      const built = await files(target);
      expect(built.length).toBeGreaterThan(40);
      expect(built.sort()).toEqual((await files(datasets)).sort());
    }
    expect(infoOf('emoji', target).builder).toBe(builder);
  });

  it('builds the same bytes every time, and again only if a shard is missing', async () => {
    const target = join(folder, 'twice');
    const build = () => buildDatasets({ names: ['emoji'], only: ['Activities'], target, log: () => undefined });
    const index = () => readFileSync(join(target, 'emoji', '_info.json'), 'utf8');
    expect(await build()).toEqual(['emoji']);
    const first = index();
    expect(await build()).toEqual([]);
    const { splits } = infoOf('emoji', target);
    const shard = splits.train?.filenames[0] as string;
    rmSync(join(target, 'emoji', shard));
    expect(await build()).toEqual(['emoji']);
    // The index has the hash of each shard.
    expect(index()).toBe(first);
    expect(sha256(readFileSync(join(target, 'emoji', shard)))).toBe(splits.train?.shard_sha256?.[0]);
  });

  const setup = (args: string[], nodeArgs: string[] = []) =>
    spawnSync(process.execPath, [...nodeArgs, join(root, 'scripts', 'setup.mjs'), ...args], { encoding: 'utf8' });

  it('does nothing, silently, when everything is there', () => {
    const { status, stdout, stderr } = setup(['--browser']);
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });

  it('loads no package when everything is there: that is what would take time', () => {
    const { status, stderr } = setup(['--browser'], ['--import', pathToFileURL(loadedModules).href]);
    expect(status).toBe(0);
    const loaded = stderr
      .trim()
      .split('\n')
      .map((url) => relative(root, fileURLToPath(url)).split(sep).join('/'));
    expect(loaded.sort()).toEqual(['scripts/browser.mjs', 'scripts/build-datasets.mjs', 'scripts/setup.mjs']);
  });

  it('refuses an option that it does not know', () => {
    const { status, stderr } = setup(['--browsr']);
    expect(status).toBe(1);
    expect(stderr).toContain('--browsr');
  });
});
