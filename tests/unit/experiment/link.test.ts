import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changedKeys } from '../../../src/experiment/changes';
import { defaultExperiment, experimentWith, parseExperiment, setKeys } from '../../../src/experiment/schema';
import { isTrackingKey } from '../../../src/experiment/tracking-keys';
import { fromLink, MAX_LINK_LENGTH, toLink } from '../../../src/experiment/url';
import { experimentArbitrary } from '../../support/experiment-arbitrary';

const whole = { problems: [], unread: false };

test('any experiment comes back from its link, however it is given', () => {
  fc.assert(
    fc.property(experimentArbitrary, (experiment) => {
      const link = toLink(experiment);
      for (const form of [link, `?${link}`, `https://example.org/lab/?${link}`, `https://example.org/#?${link}`]) {
        expect(fromLink(form)).toEqual({ experiment, ...whole });
      }
    }),
    { numRuns: 200 },
  );
});

test('a text comes back from its link even where it looks like what is undone', () => {
  const awkward = fc.oneof(
    fc.constantFrom(
      ...['a.', 'a..', 'a)', "a'", 'a!?', '"a"', '<a>', ' a ', 'a&amp;b', 'a=3D', 'a#v=1', '%41', 'a?utm_source=b'],
      ...['https%3A//a', 'https%253A%252F', 'http%3a%2f%2f%', 'a\u200bb', 'a\\&b', 'a\\u0026', 'a\r\nb', '“a”', '*'],
    ),
    fc.string({ unit: fc.constantFrom(...'a.)\'!*%32A5:/?&=#;+ \\<>"\n\u200b') }),
  );
  fc.assert(
    fc.property(awkward, (url) => {
      const experiment = experimentWith({ dataset: 'wds', 'wds.url': url });
      expect(fromLink(toLink(experiment))).toEqual({ experiment, ...whole });
      expect(fromLink(new URL(`http://localhost/?${toLink(experiment)}`).search)).toEqual({ experiment, ...whole });
    }),
    { numRuns: 300 },
  );
});

test('no text makes a link throw; what it names keeps its default, and what was read is an experiment', () => {
  const opensSafely = (search: string) => {
    const { experiment, problems } = fromLink(search);
    expect(parseExperiment(experiment)).toEqual({ experiment });
    expect(fromLink(toLink(experiment))).toEqual({ experiment, ...whole });
    const taken = Object.keys(changedKeys(experiment, defaultExperiment()));
    for (const { key, message } of problems) {
      expect(message).toMatch(/[a-z].*\.$/s);
      // A trick that was named may still be off because of a rival that was taken.
      if (experiment.on[key] !== false) expect(taken).not.toContain(key);
    }
  };
  fc.assert(fc.property(fc.string({ unit: 'binary' }), opensSafely));
  fc.assert(fc.property(fc.webQueryParameters(), opensSafely));
  const key = fc.oneof(
    fc.constantFrom(
      ...['mixup', 'mixup.alpha', 'data.size', 'model', 'seed', 'v', 'padded-crop', 'random-resized-crop'],
      ...['__proto__', 'constructor.name', 'data.__proto__', 'amp;mixup', '%6Dixup', ' mixup ', 'utm_source'],
    ),
    fc.string(),
  );
  const value = fc.oneof(fc.constantFrom('on', '1', '-1', 'NaN', '1e999', '', '0x10', '%31', 'on.'), fc.string());
  const pairs = fc.array(fc.tuple(key, value), { maxLength: 6 });
  fc.assert(
    fc.property(pairs, (list) => opensSafely(String(new URLSearchParams(list)))),
    { numRuns: 500 },
  );
});

test('a link says only what differs from the default, in readable keys', () => {
  expect(toLink(defaultExperiment())).toBe('v=1');
  const { experiment } = setKeys(defaultExperiment(), {
    mixup: 'on',
    'mixup.alpha': '.4',
    'resnet50-vd.depths': '2,2,2,2',
    dataset: 'wds',
    'wds.url': 'https://example.org/a b/_info.json',
  });
  if (!experiment) throw new Error('These keys are right.');
  const link = toLink(experiment);
  expect(link).toMatch(/^v=1&dataset=wds&mixup=on&/);
  expect(link).toContain('&mixup.alpha=0.4');
  expect(link).toContain('&resnet50-vd.depths=2,2,2,2');
  expect(link).toContain('&wds.url=https://example.org/a%20b/_info.json');
});

test('every bad key of a link is named', () => {
  const { experiment, problems } = fromLink(
    '?v=1&mixup=maybe&mixup.alpha=9000&data.size=28.5&colour=red&model=vgg&mixup.beta=1&seed=-1',
  );
  expect(experiment).toEqual(defaultExperiment());
  expect(problems.map(({ key }) => key).sort()).toEqual(
    ['colour', 'data.size', 'mixup', 'mixup.alpha', 'mixup.beta', 'model', 'seed'].sort(),
  );
  const message = (key: string) => problems.find((problem) => problem.key === key)?.message;
  expect(message('mixup.alpha')).toBe('mixup.alpha must be a number from 0.01 to 8.');
  expect(message('data.size')).toBe('data.size must be a whole number from 8 to 512.');
  expect(message('mixup.beta')).toBe('"mixup" has no option called "beta".');
  expect(message('colour')).toBe('There is no setting called "colour".');
  expect(message('model')).toContain('must be one of');
});

test('what is right in a link is taken, whatever stands beside it', () => {
  const { experiment, problems, unread } = fromLink('?v=1&mixup.alpha=banana&nonsense=3&stop.epochs=7&cutmix=on');
  expect(experiment).toEqual(experimentWith({ 'stop.epochs': '7', cutmix: 'on' }));
  expect(problems.map(({ key }) => key)).toEqual(['mixup.alpha', 'nonsense']);
  expect(unread).toBe(false);
  // Of two that cannot be on together the later one is named.
  const rivals = fromLink('random-resized-crop=on&padded-crop=on&seed=3');
  expect(rivals.experiment.seed).toBe(3);
  expect(rivals.problems).toHaveLength(1);
  const { [rivals.problems[0]?.key as string]: named } = rivals.experiment.on;
  expect(named).toBe(false);
});

test('a link of a newer version and an endless one are answered with a reason and the default', () => {
  const newer = fromLink('v=2&mixup=on');
  expect(newer).toMatchObject({ experiment: defaultExperiment(), unread: true });
  expect(newer.problems).toEqual([{ key: 'v', message: expect.stringMatching(/version 2.+newer.+reads version 1/) }]);
  const endless = fromLink(`wds.url=${'x'.repeat(MAX_LINK_LENGTH)}`);
  expect(endless).toMatchObject({ unread: true, problems: [{ message: expect.stringContaining('longer') }] });
  expect(fromLink('')).toEqual({ experiment: defaultExperiment(), ...whole });
});

test('a key that says two things is named, one that says the same twice is not', () => {
  const { experiment, problems } = fromLink('mixup=on&mixup=off&seed=2&seed=2');
  expect(problems.map(({ key }) => key)).toEqual(['mixup']);
  expect(experiment).toEqual(experimentWith({ seed: 2 }));
  for (const link of ['mixup=on&mixup=off&%20mixup%20=on', '%20mixup%20=on&mixup=maybe', 'mixup=maybe&amp%3Bmixup=on'])
    expect(fromLink(link), link).toMatchObject({ experiment: defaultExperiment(), problems: [{}, {}] });
});

test('a version that is none is named, and the rest is read', () => {
  for (const v of ['', 'one', '0']) {
    const { experiment, problems, unread } = fromLink(`v=${v}&mixup=on`);
    expect(experiment).toEqual(experimentWith({ mixup: 'on' }));
    expect(problems).toMatchObject([{ key: 'v' }]);
    expect(unread).toBe(false);
  }
});

test('a link cannot reach the prototypes', () => {
  for (const key of [
    '__proto__',
    '__proto__.polluted',
    'constructor.prototype',
    'data.__proto__',
    'data.constructor',
    'mixup.__proto__.x',
  ]) {
    const { problems } = fromLink(`${key}=1`);
    expect(problems.map((problem) => problem.key)).toEqual([key]);
  }
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect(Object.hasOwn(Object.prototype, '1')).toBe(false);
});

test('a trick in a link switches off what it excludes', () => {
  const { experiment, problems } = fromLink('random-resized-crop=on');
  expect(problems).toEqual([]);
  expect(experiment.on).toMatchObject({ 'random-resized-crop': true, 'padded-crop': false });
});

const mixed = experimentWith({ mixup: 'on', 'mixup.alpha': '.4' });
const depths = experimentWith({ 'resnet50-vd.depths': '2,2,2,2' });
const shards = experimentWith({ dataset: 'wds', 'wds.url': 'https://example.org/a b/_info.json' });
const page = 'http://localhost:5173/';

test.each([
  `${page}?v=1&mixup=on&mixup.alpha=0.4&fbclid=IwAR0`,
  `${page}?utm_source=slack&utm_medium=social&v=1&mixup=on&mixup.alpha=.4`,
  `${page}?v=1&mixup=on&gclid=abc&mixup.alpha=.4&mc_cid=1&msclkid=2&igshid=3&ref_src=twsrc`,
  `?v=1&mixup=on&mixup.alpha=.4?utm_source=newsletter&utm_medium=email`,
  `?v=1&UTM_Source=x&mixup=on&mixup.alpha=.4&_ga=1.2&_hsenc=3&mkt_tok=4&srsltid=5`,
])('keys that track readers are ignored in silence: %s', (link) => {
  expect(fromLink(link)).toEqual({ experiment: mixed, ...whole });
});

test('no setting has the name of a key that tracks readers', () => {
  fc.assert(
    fc.property(experimentArbitrary, (experiment) => {
      expect(Object.keys(changedKeys(experiment, defaultExperiment())).filter(isTrackingKey)).toEqual([]);
    }),
  );
  expect(['seed', 'model', 'v', 'bench'].filter(isTrackingKey)).toEqual([]);
});

test.each([
  'v=1&mixup=on&amp;mixup.alpha=0.4',
  'v=1&amp;amp;mixup=on&#38;mixup.alpha=0.4',
  'v=1&mixup=on&#x26;mixup.alpha=0.4',
  ` ${page}?v=1&mixup=on&mixup.alpha=0.4 \n`,
  `<${page}?v=1&mixup=on&mixup.alpha=0.4>`,
  `“${page}?v=1&mixup=on&mixup.alpha=0.4”.`,
  `("${page}?v=1&mixup=on&mixup.alpha=0.4"),`,
  `[Tricklab](${page}?v=1&mixup=on&mixup.alpha=0.4)`,
  `HTTP://LOCALHOST:5173/?v=1&mixup=on&mixup.alpha=0.4`,
  'localhost:5173/?v=1&mixup=on&mixup.alpha=0.4',
  `${page}?v=1&mixup=on&mix\r\n  up.alpha=0.4`,
  `${page}?v=3D1&mixup=3Don&mixu=\r\np.alpha=3D0.4`,
  `${page}?v=1&mix\u200bup=on\u200b&mixup.alpha=0.4\ufeff`,
  '?v=1&mix%E2%80%8Bup=on&mixup.alpha=0.4%E2%80%8B',
  '?v=1&+mixup=on+&mixup.alpha=+0.4',
  '?v=1&%20mixup=on%20&mixup.alpha=%E2%80%9C0.4%E2%80%9D',
  '?v=1&mixup=on&mixup.alpha=0.4.',
  '?v=1&mixup=on&mixup.alpha=0.4%22%3E',
  '?v%3D1%26mixup%3Don%26mixup.alpha%3D0.4&utm_source=x',
  'http%3A%2F%2Flocalhost%3A5173%2F%3Fv%3D1%26mixup%3Don%26mixup.alpha%3D0.4',
  '?v%253D1%2526mixup%253Don%2526mixup.alpha%253D0.4',
  '?v=1&mixup=on&amp%3Bmixup.alpha=0.4',
  '?v=1\\u0026mixup=on\\u0026mixup.alpha=0.4',
  '\\?v\\=1\\&mixup\\=on\\&mixup.alpha\\=0.4',
  `${page}#?v=1&mixup=on&mixup.alpha=0.4`,
  `${page}#v=1&mixup=on&mixup.alpha=0.4`,
  `${page}#/?v=1&mixup=on&mixup.alpha=0.4`,
  `${page}#!v=1&mixup=on&mixup.alpha=0.4`,
  `${page}?v=1&mixup=on#mixup.alpha=0.4`,
  `${page}?v=1&mixup=on&mixup.alpha=0.4#runs`,
  `${page}?v=1&mixup=on&mixup.alpha=0.4#:~:text=Runs`,
])('what people and programs do to a link is undone: %j', (link) => {
  expect(fromLink(link)).toEqual({ experiment: mixed, ...whole });
});

test('values that were encoded once too often are read', () => {
  expect(fromLink('?v=1&resnet50-vd.depths=2%252C2%252C2%252C2')).toEqual({ experiment: depths, ...whole });
  for (const url of [
    'https%3A%2F%2Fexample.org%2Fa%20b%2F_info.json',
    'https%253A%252F%252Fexample.org%252Fa%20b%252F_info.json',
  ])
    expect(fromLink(`?v=1&dataset=wds&wds.url=${url}`), url).toEqual({ experiment: shards, ...whole });
});
