/** Links on the command line, as people find them in chats, mails and address bars. */
import { expect, it } from 'vitest';
import { mistake, tricklab } from '../../support/tricklab';

const page = 'http://localhost:5173/';
const both = `${page}?v=1&mixup=on&mixup.alpha=0.4`;

/** The link that an experiment is, and what was said beside it. */
async function linkOf(word: string) {
  const { code, stdout, stderr } = await tricklab('link', word);
  expect(code, `${word}: ${stderr}`).toBe(0);
  return { link: stdout.trim(), said: stderr };
}

it.each([
  `${both}&fbclid=IwAR0`,
  `${page}?utm_source=slack&utm_medium=social&v=1&mixup=on&mixup.alpha=0.4`,
  'v=1&mixup=on&amp;mixup.alpha=0.4',
  ` ${both} `,
  both.replace('http:', 'HTTP:'),
  'localhost:5173/?v=1&mixup=on&mixup.alpha=0.4',
  `${page}#?v=1&mixup=on&mixup.alpha=0.4`,
  `${page}#v=1&mixup=on&mixup.alpha=0.4`,
  `<${both}>.`,
  'v%3D1%26mixup%3Don%26mixup.alpha%3D0.4',
  '?mixup=on&mixup.alpha=.4',
])('is read without a word: %j', async (word) => {
  expect(await linkOf(word)).toEqual({ link: both, said: '' });
});

it('that ends like the name of a file is a link', async () => {
  const word = 'v=1&dataset=wds&wds.url=https://example.org/_info.json';
  expect((await linkOf(word)).link).toBe(`${page}?${word}`);
});

it('is taken but for what it should not say, which is named with what may have been meant', async () => {
  const { link, said } = await linkOf(`${both}&cutmx=on&seed=-1`);
  expect(link).toBe(both);
  expect(said).toMatch(/^Of this link not all was taken\. .*"cutmx".* Did you mean cutmix\?/);
  expect(said).toContain('seed must be a whole number');
  expect(said.trimEnd().split('\n')).toHaveLength(1);
});

it.each([
  ['of a newer version', `${page}?v=2&mixup=on`, 'version 2'],
  ['of nothing that is a setting', 'colour=red', 'There is no setting called "colour".'],
  ['to a preset with a letter too many', 'presets:tiny', 'did you mean preset:tiny?'],
  ['to a preset, written like a setting', 'preset=tiny', 'did you mean preset:tiny?'],
])('%s is refused with a reason', async (_, word, reason) => {
  expect(await mistake('schedule', word)).toContain(reason);
});
