/** `tricklab augment` as a person meets it: files in, files out, mistakes said in one line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, it } from 'vitest';
import { imageOpNames, parseImageOps } from '../../../src/catalog/image-ops';
import { main } from '../../../src/cli/main';
import { applyOps } from '../../../src/data/augment';

const folder = mkdtempSync(join(tmpdir(), 'tricklab-augment-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [width, height] = [23, 17];
const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37 + (i >> 4) * 11) % 256);
const raw = { width, height, channels: 3 } as const;
const source = join(folder, 'source.png');
await sharp(pixels, { raw }).png().toFile(source);

async function augment(ops: string, out: string, image = source) {
  let stdout = '';
  let stderr = '';
  const code = await main(['augment', '--image', image, '--ops', ops, '--out', out, '--json'], {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  return { code, stdout, stderr };
}
const read = async (path: string) => new Uint8Array(await sharp(path).raw().toBuffer());

it('does to a file what the data workers do to a sample', async () => {
  const ops = [
    { op: 'resized-crop', x: 2, y: 1, width: 20, height: 15, toWidth: 12, toHeight: 12 },
    'flip',
    { op: 'rotate', degrees: 17.5, resample: 'bilinear', fill: [124, 116, 104] },
    { op: 'posterize', bits: 5 },
  ];
  const expected = applyOps({ width, height, data: pixels }, parseImageOps(ops));
  for (const name of ['out.png', 'out.webp']) {
    const out = join(folder, name);
    const { code, stdout, stderr } = await augment(JSON.stringify(ops), out);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ width: 12, height: 12 });
    expect(await read(out)).toEqual(expected.data);
  }
});

it('takes operations from a file, and what is left out as Pillow does: nearest neighbour on black', async () => {
  const file = join(folder, 'ops.json');
  writeFileSync(file, '[{"op":"translate-x","pixels":5}]');
  const out = join(folder, 'moved.png');
  expect((await augment(file, out)).code).toBe(0);
  const moved = await read(out);
  for (const [x, from] of [
    [0, 5],
    [17, 22],
  ] as const) {
    expect(moved.subarray(x * 3, x * 3 + 3)).toEqual(pixels.subarray(from * 3, from * 3 + 3));
  }
  expect([...moved.subarray(18 * 3, 23 * 3)]).toEqual(new Array(15).fill(0));
});

it('reads colours as stored, transparency on white and grey as three channels', async () => {
  const grey = join(folder, 'grey.png');
  await sharp(Uint8Array.of(10, 200), { raw: { width: 2, height: 1, channels: 1 } })
    .png()
    .toFile(grey);
  const clear = join(folder, 'clear.png');
  await sharp(Uint8Array.of(9, 9, 9, 0, 9, 9, 9, 255), { raw: { width: 2, height: 1, channels: 4 } })
    .png()
    .toFile(clear);
  const out = join(folder, 'flat.png');
  await augment('[]', out, grey);
  expect([...(await read(out))]).toEqual([10, 10, 10, 200, 200, 200]);
  await augment('[]', out, clear);
  expect([...(await read(out))]).toEqual([255, 255, 255, 9, 9, 9]);
});

it.each([
  ['[', 'JSON'],
  ['{"op":"flip"}', 'are a list'],
  ['["teleport"]', 'no known "op"'],
  ['[null]', 'no known "op"'],
  ['[{"op":"rotate"}]', 'It is given as: rotate degrees resample? fill?.'],
  ['[{"op":"flip","twice":true}]', 'flip'],
  ['[{"op":"posterize","bits":9}]', 'bits'],
  ['[{"op":"resized-crop","x":20,"y":0,"width":9,"height":9,"toWidth":4,"toHeight":4}]', 'leaves the image'],
  ['[{"op":"shear-x","factor":10},{"op":"translate-x","pixels":8192},{"op":"brightness","factor":-1}]', 'Operation 2'],
])('refuses %s in one line', async (ops, words) => {
  const { code, stdout, stderr } = await augment(ops, join(folder, 'never.png'));
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(words);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

it('says which files it cannot use', async () => {
  expect((await augment('[]', join(folder, 'x.bmp'))).stderr).toContain('.bmp');
  expect((await augment('[]', join(folder, 'x.png'), join(folder, 'nothing.png'))).stderr).toContain(
    'There is no file',
  );
  const text = join(folder, 'text.png');
  writeFileSync(text, 'no image');
  expect((await augment('[]', join(folder, 'x.png'), text)).stderr).toContain('no image that can be read');
});

it('lists every operation in its help', async () => {
  let help = '';
  await main(['help', 'augment'], { stdout: (text) => (help += text), stderr: () => undefined });
  for (const words of imageOpNames) expect(help).toContain(`  ${words}\n`);
  expect(imageOpNames).toContain('solarize threshold');
});
