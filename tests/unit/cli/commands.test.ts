/** Commands are declared: what follows from a declaration, for all of them, and how a person is answered. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import packageJson from '../../../package.json';
import { checkedOutCommit } from '../../../src/cli/checkout';
import { commands } from '../../../src/cli/commands';
import { defineCommand, flag, required, text, wholeNumber } from '../../../src/cli/define-command';
import { overview } from '../../../src/cli/help';
import { mistake, tricklab } from '../../support/tricklab';

const setting = {
  kind: 'assignments',
  placeholder: 'key=value',
  summary: 'settings',
  keys: () => ['seed', 'mixup'],
} as const;

const echo = defineCommand({
  name: 'echo',
  summary: 'says what it was given',
  words: { first: required(text('FIRST', 'a word')), second: text('SECOND', 'another') },
  options: {
    count: wholeNumber(1, 'how often'),
    name: text('NAME', 'a name'),
    loud: flag('loudly'),
    set: setting,
  },
  examples: ['a --loud'],
  run: (given) => ({ result: given, summary: '' }),
});

const quiet = { stdout: () => undefined, stderr: () => undefined };
const echoed = async (...argv: string[]) => (await echo.run(argv, quiet)).result;
const refused = (...argv: string[]) => expect(echo.run(argv, quiet)).rejects;

describe('a declaration', () => {
  it('types what is given, wherever options stand among the words', async () => {
    const nothing = { second: undefined, count: undefined, name: undefined, loud: false, json: false, help: false };
    expect(await echoed('a')).toEqual({ ...nothing, first: 'a', set: {} });
    const all = { first: 'a', second: 'b', count: 3, name: 'x', loud: true, json: true, help: false };
    expect(await echoed('--loud', 'a', '--count=3', 'b', '--json', '--name', 'x')).toEqual({ ...all, set: {} });
    expect(await echoed('--', '--a')).toMatchObject({ first: '--a' });
  });

  it('takes negative numbers and words with a dash as values', async () => {
    expect(await echoed('a', '--name', '-3')).toMatchObject({ name: '-3' });
    expect(await echoed('a', '--set', 'x=-1')).toMatchObject({ set: { x: '-1' } });
    await refused('a', '--count', '-3').toThrow('--count must be a whole number of at least 1, not "-3".');
    await refused('a', '-3').toThrow('echo has no option -3.');
  });

  it.each<[string[], Record<string, string>]>([
    [['--set', 'a=1', 'b=2', '--set', 'a=3'], { a: '3', b: '2' }],
    [['--set=a=1', 'b', '--set', 'c.d_e=x=y'], { a: '1', 'c.d_e': 'x=y' }],
    [['--set', 'mixup = on'], { mixup: 'on' }],
    [['--set', 'mixup', '=', 'on', 'a=1'], { mixup: 'on', a: '1' }],
    [['--set', 'mixup', '=on'], { mixup: 'on' }],
    [['--set', 'teacher=', 'b=1'], { teacher: '', b: '1' }],
    [['--set', 'label_smoothing=on', '__proto__=1'], { label_smoothing: 'on', ['__proto__']: '1' }],
    [['--set', 'a=1', 'url=https://x.org/?a=b&c=d'], { a: '1', url: 'https://x.org/?a=b&c=d' }],
  ])('reads the assignments of %j', async (argv, set) => {
    const { set: read } = (await echoed('a', ...argv)) as { set: object };
    expect(Object.entries(read).sort()).toEqual(Object.entries(set).sort());
  });

  it('does not take an experiment behind --set for a setting', async () => {
    for (const word of ['v=1&seed=2', '?v=1', 'https://x.org/?seed=2', 'a/b=c.json']) {
      expect(await echoed('--set', 'seed=1', word)).toMatchObject({ first: word, set: { seed: '1' } });
    }
  });

  it.each([
    [['a', '--set'], '--set takes key=value.'],
    [['a', '--set', 'mixup'], '--set takes key=value, not "mixup".'],
    [['a', '--set', '=on'], '--set takes key=value, not "=on".'],
    [['a', '--set', '--set', 'a=1'], '--set takes key=value, not "--set".'],
    [['a', '--nmae', 'x'], 'echo has no option --nmae. Did you mean --name?'],
    [['a', '--entirely-else'], 'It has --count, --name, --loud, --set, --json, --help.'],
    [['a', '--__proto__', 'x'], 'echo has no option --__proto__.'],
    [['a', '-n', 'x'], 'echo has no option -n.'],
    [['a', '--seed', '-3'], 'echo has no option --seed: seed is a setting, --set seed=VALUE.'],
    [['a', '--name'], '--name takes NAME, and nothing follows it.'],
    [['a', '--name='], '--name takes NAME, and nothing follows it.'],
    [['a', '--name', '--loud'], '--name takes NAME, and "--loud" is an option.'],
    [['a', '--name', 'x', '--name', 'y'], '--name is there more than once.'],
    [['a', '--loud=yes'], '--loud takes no value: "yes" is one too many.'],
    [['a', '--count', '1e99'], '--count must be a whole number'],
    [['a', '--count', '9'.repeat(30)], '--count must be a whole number'],
    [['a', 'b', 'c'], 'There is a word too many: "c".'],
    [[], 'echo needs FIRST: a word.'],
  ])('refuses %j in words', async (argv, words) => {
    await refused(...argv).toThrow(words);
  });
});

describe('help', () => {
  const names = commands.map(({ name }) => name);

  it.each([[['help']], [['--help']], [['-h']], [['help', '--help']]])('lists all commands: %j', async (argv) => {
    const { code, stdout, stderr } = await tricklab(...argv);
    expect([code, stderr]).toEqual([0, '']);
    for (const { name, summary } of commands) {
      expect(stdout).toContain(`\n  ${name}`);
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(summary);
    }
  });

  it.each(names)('of %s comes before and after its name, and knows all that it takes', async (name) => {
    const { code, stdout } = await tricklab('help', name);
    expect(code).toBe(0);
    const command = commands.find((one) => one.name === name) as (typeof commands)[number];
    for (const option of Object.keys(command.options)) expect(stdout).toContain(`  --${option}`);
    for (const { placeholder } of Object.values(command.words)) expect(stdout).toContain(`\n  ${placeholder} `);
    for (const argv of [
      [name, '--help'],
      [name, '-h'],
      [name, 'too', 'many', '--bogus', '-h'],
    ]) {
      expect(await tricklab(...argv)).toEqual({ code: 0, stdout, stderr: '' });
    }
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThan(140);
  });

  it.each(commands.flatMap(({ name, examples }) => examples.map((example) => [name, example] as const)))(
    'shows an example of %s whose options there are: %s',
    (name, example) => {
      const { options } = commands.find((one) => one.name === name) as (typeof commands)[number];
      const used = [...example.matchAll(/(?<=^| )--([a-z-]+)/g)].map(([, option]) => option);
      expect(used.filter((option) => option !== 'json' && !Object.hasOwn(options, option as string))).toEqual([]);
    },
  );

  it('without a command is given, and is a mistake', async () => {
    expect(await tricklab()).toEqual({ code: 1, stdout: overview(commands), stderr: '' });
  });

  it('is what the README says', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    const indented = overview(commands).replaceAll(/^(?=.)/gm, '    ');
    expect(readme, 'put what `npm run -s tricklab -- help` prints into README.md').toContain(indented);
  });

  it.each(['--version', '-V'])('%s says the version', async (word) => {
    expect(await tricklab(word)).toEqual({ code: 0, stdout: `tricklab ${packageJson.version}\n`, stderr: '' });
  });
});

describe('a name that was mistyped', () => {
  it.each([
    [['trian'], 'There is no command "trian". Did you mean train?'],
    [['help', 'shedule'], 'There is no command "shedule". Did you mean schedule?'],
    [['info', '--clases', '3'], 'Did you mean --classes?'],
    [['info', '--set', 'mixpu=on'], 'There is no setting called "mixpu". Did you mean mixup?'],
    [['info', '--set', 'label_smoothing=on'], 'no setting called "label_smoothing". Did you mean label-smoothing?'],
    [['info', '--set', 'mixup.alhpa=1'], 'Did you mean mixup.alpha?'],
    [['schedule', '?labelSmoothing=on'], 'Did you mean label-smoothing?'],
    [['info', 'preset:tyni'], 'There is no preset "tyni". Did you mean tiny?'],
    [['info', 'tiny'], 'The preset of that name is preset:tiny.'],
    [['train', '--seed', '3'], 'seed is a setting, --set seed=VALUE.'],
    [['bench', '--workloads', 'residaul'], 'Did you mean residual?'],
  ])('is answered with the one that was meant: %j', async (argv, words) => {
    expect(await mistake(...argv)).toContain(words);
  });

  it.each([[['fly']], [['constructor']], [['info', '--set', 'quantum=on']]])('or with none: %j', async (argv) => {
    expect(await mistake(...argv)).not.toContain('Did you mean');
  });
});

it('augment takes no settings, as nothing there has any', async () => {
  const argv = ['augment', '--image', 'a.png', '--ops', '[]', '--out', 'b.png', '--set', 'mixup=on'];
  expect(await mistake(...argv)).toContain('augment has no option --set.');
});

it('answers any words with a result, or in one line for a person', async () => {
  const word = fc.oneof(
    fc.constantFrom(
      'preset:tiny',
      'v=1',
      '--json',
      '--set',
      '--steps',
      '--size',
      '--model',
      '--base',
      '--out',
      '-h',
      '--',
    ),
    fc.constantFrom(
      'seed=-1',
      'mixup=on',
      'data.size=33',
      '__proto__=1',
      'https://[',
      '/',
      '.',
      '=',
      '-3',
      '1e9',
      'cmt-tiny',
    ),
    fc.string({ maxLength: 12 }),
  );
  const name = fc.oneof(fc.constantFrom('info', 'schedule', 'link', 'help'), fc.string({ maxLength: 6 }));
  await fc.assert(
    fc.asyncProperty(name, fc.array(word, { maxLength: 5 }), async (command, words) => {
      const { code, stdout, stderr } = await tricklab(command, ...words);
      if (code === 0) expect(stderr).toMatch(/^(?:[^\n]{8,}\.\n)*$/);
      else expect([stdout, stderr]).toEqual(['', expect.stringMatching(/^[^\n]+\n$/)]);
      expect(stderr).not.toMatch(/EISDIR|ENO|Unexpected token|Invalid URL|is not a function|of undefined|\[object/);
    }),
    { numRuns: 300 },
  );
});

it('a benchmark names the commit that is checked out, and whether its sources were changed', () => {
  const head = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  expect(checkedOutCommit()?.replace(/\+$/, '')).toBe(head.slice(0, 10));
});
