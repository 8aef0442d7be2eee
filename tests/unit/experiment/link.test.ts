import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultExperiment, setKeys } from '../../../src/experiment/schema';
import { fromLink, MAX_LINK_LENGTH, toLink } from '../../../src/experiment/url';
import { experimentArbitrary } from '../../support/experiment-arbitrary';

test('any experiment comes back from its link', () => {
  fc.assert(
    fc.property(experimentArbitrary, (experiment) => {
      expect(fromLink(toLink(experiment))).toEqual({ experiment, problems: [] });
      expect(fromLink(`?${toLink(experiment)}`).experiment).toEqual(experiment);
    }),
    { numRuns: 200 },
  );
});

test('no text makes a link throw, and a link with a problem opens the default', () => {
  const opensSafely = (search: string) => {
    const { experiment, problems } = fromLink(search);
    if (problems.length) expect(experiment).toEqual(defaultExperiment());
    for (const { message } of problems) expect(message).toMatch(/[a-z].*\.$/s);
  };
  fc.assert(fc.property(fc.string({ unit: 'binary' }), opensSafely));
  fc.assert(fc.property(fc.webQueryParameters(), opensSafely));
  const key = fc.oneof(
    fc.constantFrom(
      'mixup',
      'mixup.alpha',
      'data.size',
      'model',
      'seed',
      'v',
      '__proto__',
      'constructor.name',
      'data.__proto__',
    ),
    fc.string(),
  );
  const value = fc.oneof(fc.constantFrom('on', '1', '-1', 'NaN', '1e999', '', '0x10'), fc.string());
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

test('a link of another version, a repeated key and an endless link are refused with a reason', () => {
  expect(fromLink('v=2&mixup=on').problems).toEqual([
    { key: 'v', message: 'This experiment has version 2; this Tricklab reads version 1.' },
  ]);
  expect(fromLink('mixup=on&mixup=off').problems[0]).toMatchObject({ key: 'mixup' });
  expect(fromLink(`wds.url=${'x'.repeat(MAX_LINK_LENGTH)}`).problems[0]?.message).toContain('longer');
  expect(fromLink('').problems).toEqual([]);
  expect(fromLink('').experiment).toEqual(defaultExperiment());
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
  expect(fromLink('random-resized-crop=on&padded-crop=on').problems).toHaveLength(1);
});
