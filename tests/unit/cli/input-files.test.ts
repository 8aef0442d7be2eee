/** Files that people give, as they find them on their disks. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { dataFolder } from '../../../src/cli/data-folder';
import { readExperiment } from '../../../src/cli/experiment-source';
import { experimentWith } from '../../../src/experiment/schema';
import { mistake, tricklab } from '../../support/tricklab';

const folder = mkdtempSync(join(tmpdir(), 'tricklab-input-'));
afterAll(() => rmSync(folder, { recursive: true }));

const put = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const unheard = (line: string) => expect.unreachable(`Nothing is to be said, not "${line}"`);

const experiment = experimentWith({ seed: 7, mixup: 'on' });
const json = JSON.stringify(experiment, null, 2);
const utf16 = (text: string) => Buffer.from(text, 'utf16le');
const swapped = (text: string) => Buffer.from(text, 'utf16le').swap16();

const index = JSON.stringify({
  classes: ['naïve', 'b'],
  splits: { train: { name: 'train', num_samples: 1, filenames: ['a.tar'], shard_lengths: [1] } },
});

describe('an encoding', () => {
  const encodings: [string, (text: string) => Uint8Array][] = [
    ['UTF-8', (text) => Buffer.from(text)],
    ['UTF-8 with a byte order mark', (text) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16 LE, as PowerShell writes', (text) => utf16(`\ufeff${text}`)],
    ['UTF-16 BE', (text) => swapped(`\ufeff${text}`)],
    ['UTF-16 LE without a mark', utf16],
    ['UTF-16 BE without a mark', swapped],
  ];
  it.each(encodings)('%s is read in an experiment and in an index of shards', (name, encode) => {
    const path = put(`${name}.json`, encode(json));
    expect(readExperiment(path, unheard)).toEqual(experiment);
    const data = join(folder, name);
    mkdirSync(data);
    writeFileSync(join(data, '_info.json'), encode(index));
    expect(dataFolder(data)).toMatchObject({ path: data, index: { classes: ['naïve', 'b'] } });
  });
});

describe('a results file', () => {
  it.each([
    ['train', { experiment, steps: [], evals: [] }],
    ['compare', { experiment, seeds: 3, changes: [] }],
  ])('of %s is taken for the experiment that it holds', (name, result) => {
    expect(readExperiment(put(`${name}.json`, JSON.stringify(result)), unheard)).toEqual(experiment);
  });

  it('of link is taken for its link', async () => {
    const { stdout } = await tricklab('link', put('e.json', json), '--json');
    expect(readExperiment(put('link.json', stdout), unheard)).toEqual(experiment);
  });

  it.each(['schedule', 'info'])('of %s is named as what it is', async (name) => {
    const { stdout } = await tricklab(name, 'preset:tiny', '--json');
    expect(await mistake('schedule', put(`${name}.json`, stdout))).toContain(`it holds what \`${name}\` answered`);
  });

  it('whose experiment is wrong is said so', async () => {
    const wrong = put('wrong.json', '{"experiment":{"version":1},"steps":[]}');
    const said = await mistake('schedule', wrong);
    expect(said).toContain(`${wrong}, under "experiment": seed must be`);
    expect(said).not.toContain('undefined');
  });
});

describe('what is no file of the wanted kind', () => {
  const passwd = put('passwd', 'root:x:0:0:root:/root:/bin/sh\n');
  const binary = put('binary.json', Uint8Array.of(0xff, 0x00, 0xd8, 0x80, 0xff));
  const empty = put('empty.json', '');
  const cut = put('cut.json', '{\n  "version": 1,\n  "seed"');
  const comma = put('comma.json', '{\n  "version": 1,\n}');
  const list = put('list.json', '[1]');
  const other = put('other.json', '{"name":"tricklab"}');

  it.each<[string, string[], string[]]>([
    ['text', ['plan', passwd], [passwd, 'something else than JSON']],
    ['bytes', ['schedule', binary], [binary, 'no text file']],
    ['nothing', ['schedule', empty], [empty, 'is empty']],
    ['half a file', ['schedule', cut], [cut, 'not valid JSON', 'it ends too early']],
    ['a wrong character', ['schedule', comma], [comma, 'it goes wrong at line 3, column 1']],
    ['a list', ['schedule', list], [list, 'not an experiment']],
    ['another JSON file', ['schedule', other], [other, 'not an experiment', 'names no version']],
    ['a folder for an experiment', ['schedule', folder], [folder, 'a folder', 'the path']],
    ['a folder for weights', ['train', 'preset:tiny', '--init', folder], [folder, 'a folder', 'the path']],
    ['a folder for a teacher', ['train', '--teacher', folder], [folder, 'a folder', 'the path']],
    ['a folder for weights to predict with', ['predict', '--weights', folder], [folder, 'a folder', 'the path']],
    ['a folder for an image', ['augment', '--image', folder, '--ops', '[]', '--out', 'x.png'], [folder, 'a folder']],
    ['a file for a folder', ['train', 'preset:tiny', '--data', passwd], [passwd, 'a file, not a folder']],
    ['no folder', ['train', 'preset:tiny', '--data', join(folder, 'none')], ['There is no folder', '--data']],
    ['a path through a file', ['schedule', join(passwd, 'x.json')], ['There is no file']],
    ['a name too long', ['schedule', `${'x'.repeat(5000)}.json`], ['There is no file']],
    ['a name with a zero in it', ['schedule', 'a\0b'], ['There is no file']],
    ['a folder to write to', ['train', '--out', folder], [folder, 'a folder', 'the path']],
    [
      'no folder to write in',
      ['train', '--save', join(folder, 'none', 'a.safetensors')],
      ['there is no folder', 'none'],
    ],
    ['an address that is none', ['link', 'https://['], ['"https://[" begins like a link and is none']],
    ['no page', ['link', 'preset:tiny', '--base', 'nowhere'], ["--base takes the page's address"]],
    ['a size that the model cannot take', ['info', '--model', 'cmt-tiny', '--size', '33'], ['multiple of 32']],
    [
      'a dataset without an address',
      ['plan', 'preset:tiny', '--set', 'dataset=wds'],
      ['the address of the _info.json'],
    ],
  ])('%s is named in words', async (_name, argv, words) => {
    process.env.TRICKLAB_DEBUG = '1';
    // One line, so no stack: none of these is a bug.
    const said = await mistake(...argv);
    delete process.env.TRICKLAB_DEBUG;
    for (const word of words) expect(said.toLowerCase()).toContain(word.toLowerCase());
    expect(said).not.toMatch(/EISDIR|ENOTDIR|ENOENT|Unexpected|Invalid URL|undefined/);
  });
});
