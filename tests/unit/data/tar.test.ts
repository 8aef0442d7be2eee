import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { packTar, type TarEntry, unpackTar } from 'modern-tar';
import { describe, expect, it } from 'vitest';
import { samplesOf } from '../../../src/data/samples';
import { scanTar } from '../../../src/data/tar';

const encoder = new TextEncoder();
const file = (name: string, body: string | Uint8Array = 'x'): TarEntry => {
  const data = typeof body === 'string' ? encoder.encode(body) : body;
  return { header: { name, size: data.length, type: 'file', mtime: new Date(0) }, body: data };
};
const names = (bytes: Uint8Array) => scanTar(bytes).members.map(({ name }) => name);

/** Writes octal digits into a header and makes its checksum right again. */
function patchHeader(archive: Uint8Array, at: number, change: (header: Uint8Array) => void): Uint8Array {
  const bytes = archive.slice();
  const header = bytes.subarray(at, at + 512);
  change(header);
  header.fill(32, 148, 156);
  const sum = header.reduce((a, b) => a + b, 0);
  header.set(encoder.encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return bytes;
}

describe('scanTar', () => {
  it('finds the members that modern-tar writes and reads, of any names and sizes', async () => {
    const name = fc
      .array(fc.stringMatching(/^[a-zA-Z0-9äß漢_-]{1,40}$/), { minLength: 1, maxLength: 8 })
      .map((parts) => parts.join('/'));
    const entry = fc.record({ name, body: fc.uint8Array({ maxLength: 1500 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 8 }), async (entries) => {
        const archive = await packTar(entries.map(({ name, body }) => file(name, body)));
        const theirs = await unpackTar(archive);
        const { members, truncated } = scanTar(archive);
        expect(truncated).toBe(false);
        const ours = members.map(({ name, offset, size }) => [name, archive.slice(offset, offset + size)]);
        expect(ours).toEqual(theirs.map(({ header, data }) => [header.name, data ?? new Uint8Array(0)]));
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('leaves out directories, __index__ and __meta__/', async () => {
    const archive = await packTar([
      file('__index__'),
      { header: { name: 'photos/', size: 0, type: 'directory' } },
      file('__meta__/notes.json'),
      file('./__meta__/more.json'),
      file('photos/1.jpg'),
    ]);
    expect(names(archive)).toEqual(['photos/1.jpg']);
  });

  it('reads what GNU tar, and its pax and ustar variants, write: long names, prefixes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tar-'));
    try {
      const deep = join('d'.repeat(60), 'e'.repeat(60));
      mkdirSync(join(folder, deep), { recursive: true });
      const short = 'plain.cls';
      const prefixed = join(deep, 'name.jpg');
      const long = join(deep, `${'n'.repeat(180)}.jpg`);
      for (const name of [short, prefixed, long]) writeFileSync(join(folder, name), `body of ${name.length}`);
      for (const [format, listed] of [
        ['gnu', [short, prefixed, long]],
        ['pax', [short, prefixed, long]],
        ['oldgnu', [short, prefixed, long]],
        ['ustar', [short, prefixed]],
      ] as const) {
        const archive = execFileSync('tar', ['-C', folder, `--format=${format}`, '-cf', '-', ...listed]);
        const { members } = scanTar(archive);
        expect(
          members.map(({ name }) => name),
          format,
        ).toEqual(listed);
        for (const { name, offset, size } of members) {
          expect(archive.subarray(offset, offset + size).toString(), format).toBe(`body of ${name.length}`);
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('reads a base-256 size', async () => {
    const archive = patchHeader(await packTar([file('a.cls', '7'), file('b.cls', '8')]), 0, (header) => {
      header.fill(0, 124, 136);
      header[124] = 0x80;
      header[135] = 1;
    });
    expect(names(archive)).toEqual(['a.cls', 'b.cls']);
  });

  it('gives what is whole when the tail is cut, at any byte', async () => {
    const archive = await packTar([file('a.cls', '1'.repeat(600)), file('b.cls', '2'), file('c.cls', '3')]);
    for (let end = 0; end <= archive.length; end += 64) {
      const { members, truncated } = scanTar(archive.subarray(0, end));
      const whole = [512 + 600, 3 * 512 + 512 + 1, 5 * 512 + 512 + 1].filter((last) => last <= end).length;
      expect(members.length, `cut at ${end}`).toBe(whole);
      // A cut between members can't be seen here; the loader compares with the declared length.
      if (whole < 3 && end % 512 !== 0) expect(truncated, `cut at ${end}`).toBe(true);
    }
  });

  it('refuses a damaged header and says where', async () => {
    const archive = (await packTar([file('a.cls'), file('b.cls')])).slice();
    archive[1024 + 5] = 99;
    expect(() => scanTar(archive)).toThrow('damaged: bad header checksum at byte 1024');
  });

  it('says what is wrong with a gzip file and with a web page', () => {
    expect(() => scanTar(new Uint8Array([0x1f, 0x8b, 8, 0]))).toThrow('compressed with gzip');
    expect(() => scanTar(encoder.encode('<html>'.repeat(100)))).toThrow('not a tar archive');
  });
});

describe('samplesOf', () => {
  const read = async (entries: TarEntry[], classes = 10) => {
    const archive = await packTar(entries);
    return samplesOf(archive, scanTar(archive).members, { classes });
  };

  it('joins image and label whatever their order, and case of key and extension', async () => {
    const { samples, ignored } = await read([
      file('00000001.jpg', 'abc'),
      file('00000001.cls', '3\n'),
      file('00000001.json', '{}'),
      file('x/00000002.CLS', ' 9 '),
      file('X/00000002.PNG', 'de'),
      file('y/00000002.cls', '0'),
      file('y/00000002.webp', 'f'),
    ]);
    const brief = samples.map((s) => ('problem' in s ? s : [s.key, s.image.ext, s.image.size, s.label]));
    expect(brief).toEqual([
      ['00000001', 'jpg', 3, 3],
      ['x/00000002', 'png', 2, 9],
      ['y/00000002', 'webp', 1, 0],
    ]);
    expect(ignored).toEqual({ json: 1 });
  });

  it('keeps the place of samples that can not be used, and says why', async () => {
    const { samples, ignored } = await read([
      file('a.jpg'),
      file('b.cls', '1'),
      file('c.jpg'),
      file('c.cls', 'cat'),
      file('d.jpg'),
      file('d.cls', '10'),
      file('e.jpg'),
      file('e.cls', '-1'),
      file('f.heic'),
      file('f.cls', '1'),
      file('README'),
      file('.hidden'),
    ]);
    expect(samples).toEqual([
      { key: 'a', problem: 'has no label (.cls)' },
      { key: 'b', problem: 'has a label but no image (.jpg, .png or .webp)' },
      { key: 'c', problem: "has the label 'cat', which is no class number" },
      { key: 'd', problem: 'has the label 10, but there are 10 classes' },
      { key: 'e', problem: "has the label '-1', which is no class number" },
      { key: 'f', problem: 'has a label but no image (.jpg, .png or .webp)' },
    ]);
    expect(ignored).toEqual({ heic: 1, 'no extension': 2 });
  });

  it('starts a new sample when an extension comes again', async () => {
    const { samples } = await read([file('a.jpg'), file('a.cls', '1'), file('A.jpg'), file('A.cls', '2')]);
    expect(samples.map((s) => ('problem' in s ? s : s.label))).toEqual([1, 2]);
  });
});

const grocery = new URL('../../../../shared/data/grocery-96/', import.meta.url);
it.skipIf(!existsSync(grocery))(
  'reads every shard of the grocery photos (skipped where the data set is missing)',
  () => {
    const info = JSON.parse(readFileSync(new URL('_info.json', grocery), 'utf8'));
    const seen = new Array(43).fill(0);
    for (const [i, name] of info.splits.train.filenames.entries()) {
      const bytes = readFileSync(new URL(name, grocery));
      const { samples } = samplesOf(bytes, scanTar(bytes).members, { classes: 43 });
      expect(samples.length).toBe(info.splits.train.shard_lengths[i]);
      for (const sample of samples) if (!('problem' in sample)) seen[sample.label]++;
    }
    expect(seen).toEqual(info.splits.train.class_counts);
    expect(readdirSync(grocery).length).toBeGreaterThan(20);
  },
);
