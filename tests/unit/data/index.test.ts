import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadShardIndex, parseShardIndex, splitOf } from '../../../src/data/index';

const url = 'https://example.org/sets/pets/_info.json';
const good = () => ({
  format: 'wds',
  version: 1,
  name: 'pets',
  classes: ['cat', 'dog'],
  image: { ext: 'jpg', short_side: 96 },
  splits: {
    train: {
      name: 'train',
      num_samples: 5,
      filenames: ['pets-train-0000.tar', 'more/pets-train-0001.tar'],
      shard_lengths: [3, 2],
      shard_bytes: [10, 20],
      shard_sha256: ['a'.repeat(64), 'b'.repeat(64)],
      class_counts: [4, 1],
    },
  },
});
type Info = ReturnType<typeof good>;

describe('the shard index', () => {
  it('keeps what the loader needs, and where file names are relative to', () => {
    const index = parseShardIndex(good(), url);
    expect(index).toEqual({
      name: 'pets',
      classes: ['cat', 'dog'],
      baseUrl: 'https://example.org/sets/pets/',
      splits: good().splits,
    });
  });

  it('reads an index with only what timm needs in its splits', () => {
    const info = good();
    const { name, num_samples, filenames, shard_lengths } = info.splits.train;
    const lean = { ...info, splits: { train: { name, num_samples, filenames, shard_lengths } } };
    expect(parseShardIndex(lean, url).splits.train).toEqual({ name, num_samples, filenames, shard_lengths });
  });

  it('calls classes by their numbers where only their number is known', () => {
    expect(parseShardIndex({ ...good(), classes: undefined }, url).classes).toEqual(['0', '1']);
    const { name, num_samples, filenames, shard_lengths } = good().splits.train;
    const lean = { num_classes: 3, splits: { train: { name, num_samples, filenames, shard_lengths } } };
    expect(parseShardIndex(lean, url)).toMatchObject({ name: 'pets', classes: ['0', '1', '2'] });
    expect(parseShardIndex(lean, 'https://example.org/_info.json').name).toBe('example.org');
  });

  const renamed = (name: string) => (info: Info) => info.splits.train.filenames.splice(0, 1, name);
  const broken: [string, (info: Info) => unknown, RegExp][] = [
    ['another format', (i) => Object.assign(i, { format: 'tfrecord' }), /format/],
    [
      'no classes that could be counted',
      (i) =>
        Object.assign(i, { classes: undefined, splits: { train: { ...i.splits.train, class_counts: undefined } } }),
      /classes: is missing. Add the names .* or "num_classes"/,
    ],
    ['fewer than two classes', (i) => Object.assign(i, { classes: undefined, num_classes: 1 }), /two classes/],
    ['one class', (i) => Object.assign(i, { classes: ['cat'] }), /two classes/],
    ['too many classes', (i) => Object.assign(i, { classes: new Array(100_001).fill('x') }), /classes/],
    ['a path that climbs', renamed('a/../../b.tar'), /filenames\.0: must not contain/],
    ['an encoded climb', renamed('%2e%2e/b.tar'), /filenames\.0/],
    ['another site', renamed('https://evil.example/b.tar'), /without a scheme/],
    ['another host', renamed('//evil.example/b.tar'), /relative/],
    ['a script', renamed('data:text/plain,x'), /scheme/],
    ['a query', renamed('b.tar?x=1'), /character/],
    ['a shard twice', renamed('more/pets-train-0001.tar'), /twice/],
    ['lengths that do not fit', (i) => i.splits.train.shard_lengths.pop(), /shard_lengths: has 1 entries/],
    [
      'a wrong sum',
      (i) => Object.assign(i.splits.train, { num_samples: 6 }),
      /num_samples: is 6, but shard_lengths add up to 5/,
    ],
    ['a short hash', (i) => i.splits.train.shard_sha256.splice(1, 1, 'ab'), /shard_sha256\.1: must be 64/],
    ['a negative length', (i) => Object.assign(i.splits.train, { shard_lengths: [6, -1] }), /shard_lengths\.1/],
    ['counts of other classes', (i) => i.splits.train.class_counts.push(0), /class_counts: has 3 entries/],
    ['no splits', (i) => Object.assign(i, { splits: {} }), /splits: is empty/],
  ];
  for (const [words, breakIt, message] of broken) {
    it(`refuses ${words} and says so`, () => {
      const info = good();
      breakIt(info);
      expect(() => parseShardIndex(info, url)).toThrow(message);
      expect(() => parseShardIndex(info, url)).toThrow('https://example.org/sets/pets/_info.json is not a valid');
    });
  }

  it('refuses what is no object', () => {
    expect(() => parseShardIndex('<html>', url)).toThrow('is not a valid dataset index');
  });

  it('needs a full URL', () => {
    expect(() => parseShardIndex(good(), 'sets/_info.json')).toThrow("must be a full URL, got 'sets/_info.json'");
  });

  it('says why an index could not be fetched', async () => {
    const asked: string[] = [];
    const fetch = async (input: RequestInfo | URL) => {
      asked.push(String(input));
      return new Response(null, { status: 404 });
    };
    await expect(loadShardIndex(url, { fetch })).rejects.toThrow(
      `The dataset's index could not be read. ${url} does not exist: the server answered 404.`,
    );
    expect(asked).toEqual([url, url.replace('_info', 'info')]);
  });

  it('lists the splits when one is missing, and is not fooled by names of Object', () => {
    const index = parseShardIndex(good(), url);
    expect(() => splitOf(index, 'validation')).toThrow("has no split 'validation'; its index declares: train");
    expect(() => splitOf(index, 'constructor')).toThrow('has no split');
  });
});

const grocery = new URL('../../../../shared/data/grocery-96/_info.json', import.meta.url);
it.skipIf(!existsSync(grocery))('reads the index of the grocery photos (skipped where the data set is missing)', () => {
  const index = parseShardIndex(JSON.parse(readFileSync(grocery, 'utf8')), 'https://example.org/g/_info.json');
  expect(index.classes.length).toBe(43);
  expect(index.splits.train?.num_samples).toBe(2640);
});
