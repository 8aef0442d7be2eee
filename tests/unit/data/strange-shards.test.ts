/** Datasets as strangers bring them: each is read right, or the user is told what is wrong with it, by name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main';
import { imageHeader } from '../../../src/data/image-size';
import { parseShardIndex, readShardIndex, shardUrl } from '../../../src/data/index';
import { samplesOf } from '../../../src/data/samples';
import { scanTar } from '../../../src/data/tar';
import {
  joined,
  paxEntry,
  plainTar,
  type ShardFiles,
  TAR_END,
  tarEntry,
  tarHeader,
  writeDataset,
} from '../../support/shards';

const root = mkdtempSync(join(tmpdir(), 'tricklab-strange-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

/** What `plan` says of the first batch of a folder of shards. */
async function plan(folder: string, batch = 8) {
  let [stdout, stderr] = ['', ''];
  const code = await main(['plan', 'preset:tiny', '--set', `data.batch=${batch}`, '--data', folder, '--json'], {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  const batchOf = (): { labels: number[]; keys: string[] } => JSON.parse(stdout);
  return { code, stderr, ...(code === 0 && batchOf()) };
}

const validation = { 'val-0000.tar': [plainTar(4, { start: 100 }), 4] } satisfies ShardFiles[string];

/** The first batch of a training shard that its index calls 8 samples long. */
function planOf(train: Uint8Array, more: (info: ReturnType<typeof writeDataset>) => object = () => ({})) {
  const folder = join(root, String(folders++));
  const info = writeDataset(folder, { train: { 'train-0000.tar': [train, 8] }, validation });
  writeFileSync(join(folder, '_info.json'), JSON.stringify({ ...info, ...more(info) }));
  return plan(folder);
}

const everySecond = [0, 0, 0, 0, 1, 1, 1, 1];
const labels = async (train: Uint8Array) => {
  const { code, stderr, labels = [] } = await planOf(train);
  expect([code, stderr]).toEqual([0, '']);
  return [...labels].sort();
};

describe('shards as the world writes them', () => {
  it('skips nothing after a folder entry that gives a size', async () => {
    const folder = tarHeader('train/', 4096, { type: '5' });
    expect(await labels(joined(folder, plainTar(8, { key: (i) => `train/${i}` })))).toEqual(everySecond);
  });

  it('takes checksums over signed bytes', async () => {
    const parts = Array.from({ length: 8 }, (_, i) => [
      tarEntry(`größe/${i}.png`, 'image', { signed: true }),
      tarEntry(`größe/${i}.cls`, String(i % 2), { signed: true }),
    ]);
    expect(await labels(joined(...parts.flat(), TAR_END))).toEqual(everySecond);
  });

  it('reads archives that were joined, and stops at the end mark where the index says so', async () => {
    const two = joined(plainTar(4), new Uint8Array(8192), plainTar(4, { start: 4 }));
    expect(await labels(two)).toEqual(everySecond);
    expect(await labels(joined(plainTar(8), plainTar(3, { start: 8 })))).toEqual(everySecond);
    expect(
      await labels(joined(plainTar(8), new TextEncoder().encode('what an older, longer archive left'.repeat(40)))),
    ).toEqual(everySecond);
  });

  it('names the dots in keys', async () => {
    const { code, stderr } = await planOf(plainTar(8, { key: (i) => `img.v2.${i}` }));
    expect(code).toBe(1);
    expect(stderr).toMatch(/key ends at the first dot.*'img'.*'v2\.0\.png'/);
  });

  it('says that the files of a sample must be next to each other', async () => {
    const images = Array.from({ length: 8 }, (_, i) => tarEntry(`${i}.png`, 'image'));
    const classes = Array.from({ length: 8 }, (_, i) => tarEntry(`${i}.cls`, String(i % 2)));
    const { code, stderr } = await planOf(joined(...images, ...classes, TAR_END));
    expect(code).toBe(1);
    expect(stderr).toContain('must be next to each other');
  });

  it('tells a key that is there twice', async () => {
    const { code, stderr } = await planOf(plainTar(8, { key: (i) => String(i === 4 ? 3 : i).padStart(6, '0') }));
    expect(code).toBe(0);
    expect(stderr).toBe("Shard train-0000.tar: the key '000003' is there twice, with an image each: both are used.\n");
  });

  it('takes the label that alt_label names', async () => {
    const parts = Array.from({ length: 8 }, (_, i) => [
      tarEntry(`${i}.png`, 'image'),
      tarEntry(`${i}.cls`, '9'),
      tarEntry(`${i}.json`, JSON.stringify({ label_2: i % 2 })),
    ]);
    const train = joined(...parts.flat(), TAR_END);
    const named = await planOf(train, ({ splits }) => ({
      splits: { ...splits, train: { ...splits.train, alt_label: 'label_2' } },
    }));
    expect([named.code, [...(named.labels ?? [])].sort()]).toEqual([0, everySecond]);
    const { members } = scanTar(train);
    expect(samplesOf(train, members, { classes: 2, altLabel: 'label_3' }).samples[0]).toEqual({
      key: '0',
      problem: 'has no "label_3" in its .json',
    });
  });

  it.each([
    ['<!doctype html><html>Sign in</html>', 'is a web page (HTML)'],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n', 'is a Git LFS pointer'],
    ['PK\x03\x04 and the rest', 'is a zip archive'],
    ['something else', 'the file ends too early'],
  ])('says what a file is that is no shard: %j', async (text, words) => {
    const { code, stderr } = await planOf(new TextEncoder().encode(text));
    expect(code).toBe(1);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain('..');
    if (words !== 'the file ends too early') expect(stderr).not.toContain('too early');
  });

  it('reads headers of a pax archive in linear time, and bounds them', () => {
    const headers = Array.from({ length: 20_000 }, (_, i) => paxEntry({ [`key${i}`]: 'x'.repeat(20) }, 'g'));
    const archive = joined(...headers, plainTar(1));
    // It took 20 minutes when every header copied all that came before it: far beyond this test's time.
    expect(scanTar(archive).members).toHaveLength(2);
    expect(() => scanTar(joined(tarHeader('x', 2 ** 21, { type: 'x' }), new Uint8Array(2 ** 21)))).toThrow(
      'a header at byte 0 is 2097152 bytes long',
    );
  });
});

describe('indexes as the world writes them', () => {
  const url = 'https://example.org/sets/pets/_info.json';
  const info = (name: string) => ({
    num_classes: 2,
    splits: { train: { name: 'train', num_samples: 1, filenames: [name], shard_lengths: [1] } },
  });

  it('may begin with a byte order mark, or be UTF-16', () => {
    const json = JSON.stringify(info('a.tar'));
    const marked = new TextEncoder().encode(`\uFEFF${json}`);
    expect(readShardIndex(marked, url).classes).toEqual(['0', '1']);
    const wide = new Uint8Array([0xff, 0xfe, ...[...json].flatMap((letter) => [letter.charCodeAt(0), 0])]);
    expect(readShardIndex(wide, url).classes).toEqual(['0', '1']);
  });

  it('may be called info.json', async () => {
    const folder = join(root, 'called-info');
    writeDataset(folder, { train: { 't.tar': [plainTar(8), 8] }, validation }, {}, 'info.json');
    expect(await plan(folder)).toMatchObject({ code: 0, stderr: '' });
  });

  it('that are web pages or broken are called so', () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    expect(() => readShardIndex(bytes('<html>'), url)).toThrow('it is a web page (HTML)');
    expect(() => readShardIndex(bytes('{"splits":'), url)).toThrow('not valid JSON');
  });

  it.each(['a#b.tar', '50%.tar', 'train%200000.tar', 'with space.tar', ' lead.tar', 'größe.tar', "it's+&{}.tar"])(
    'name shards as files are called: %j',
    async (name) => {
      expect(shardUrl('https://example.org/sets/', name)).toBe(
        `https://example.org/sets/${encodeURI(name).replaceAll('#', '%23')}`,
      );
      const folder = join(root, String(folders++));
      writeDataset(folder, { train: { [name]: [plainTar(8), 8] }, validation });
      expect(await plan(folder)).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it.each([
    ' https://other.example/x.tar',
    ' //other.example/x.tar',
    '.%2e/.%2E/x.tar',
    '%2e./x.tar',
    ' file:///etc/x',
  ])('never lead out of their folder: %j', (name) => {
    const base = 'https://example.org/sets/pets/';
    let index: ReturnType<typeof parseShardIndex> | undefined;
    try {
      index = parseShardIndex(info(name), url);
    } catch {
      // Refused is as good.
    }
    for (const file of index?.splits.train?.filenames ?? []) expect(shardUrl(base, file).startsWith(base)).toBe(true);
  });

  it('may state mean and std', () => {
    const stated = parseShardIndex({ ...info('a.tar'), mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] }, url);
    expect(stated).toMatchObject({ mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] });
    expect(() => parseShardIndex({ ...info('a.tar'), std: [0, 0.5, 0.6] }, url)).toThrow(/std\.0/);
  });
});

describe('too little data', () => {
  it('is said where nothing is left to validate on', async () => {
    const folder = join(root, 'one-each');
    const parts = Array.from({ length: 5 }, (_, i) => [tarEntry(`${i}.png`, 'x'), tarEntry(`${i}.cls`, String(i))]);
    const train = { 't.tar': [joined(...parts.flat(), TAR_END), 5] } satisfies ShardFiles[string];
    writeDataset(folder, { train }, { classes: ['a', 'b', 'c', 'd', 'e'] });
    const { code, stderr } = await plan(folder, 4);
    expect(code).toBe(0);
    expect(stderr).toContain('Nothing is there to validate on');
  });

  it('is said where a batch is larger than it', async () => {
    const folder = join(root, 'small');
    writeDataset(folder, { train: { 't.tar': [plainTar(8), 8] }, validation });
    const { code, stderr } = await plan(folder, 64);
    expect(code).toBe(1);
    expect(stderr).toContain('has 8 images to use, too few for a batch of 64');
  });
});

describe('the size of an image', () => {
  const png = (width: number, height: number) => {
    const bytes = new Uint8Array(64);
    bytes.set([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
    new DataView(bytes.buffer).setUint32(16, width);
    new DataView(bytes.buffer).setUint32(20, height);
    return bytes;
  };

  it('is read from its header', () => {
    expect(imageHeader(png(30000, 20000))).toEqual({ type: 'image/png', size: { width: 30000, height: 20000 } });
    const jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc2, 0, 11, 8, 0x12, 0x34, 0x56, 0x78, 3, 0, 0, 0, 0];
    expect(imageHeader(Uint8Array.from(jpeg))).toEqual({ type: 'image/jpeg', size: { width: 0x5678, height: 0x1234 } });
    expect(imageHeader(Uint8Array.from(jpeg.slice(0, 9)))).toEqual({ type: 'image/jpeg' });
    expect(imageHeader(new TextEncoder().encode('GIF89a'))).toBeUndefined();
    expect(imageHeader(new Uint8Array(0))).toBeUndefined();
  });
});
