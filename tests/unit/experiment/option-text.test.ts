/** The one reading of an option's text, for links, --set and the form. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allParts } from '../../../src/catalog/parts';
import { optionText, readOption } from '../../../src/experiment/option-text';
import { controlsOf } from '../../../src/experiment/schema';
import { optionArbitrary } from '../../support/experiment-arbitrary';

const share = { kind: 'number', label: 'Share', min: 0, max: 1, step: 0.1, integer: false } as const;
const blocks = { kind: 'numbers', label: 'Blocks', length: 2, min: 1, max: 36 } as const;

test('any value of any option is read back from its text, and what is read is within its range', () => {
  const controls = allParts().flatMap(({ part }) => [...controlsOf(part).values()]);
  fc.assert(
    fc.property(fc.constantFrom(...controls), fc.string(), fc.gen(), (control, text, gen) => {
      const value = gen(() => optionArbitrary(control));
      expect(readOption(control, optionText(value))).toEqual({ value });
      const read = readOption(control, text);
      if (read.value !== undefined) expect(readOption(control, optionText(read.value))).toEqual(read);
    }),
    { numRuns: 1000 },
  );
});

test('numbers may have spaces around them, and are decimal, finite and in range', () => {
  expect(readOption(share, ' .5 ')).toEqual({ value: 0.5 });
  expect(readOption(blocks, '3, 4')).toEqual({ value: [3, 4] });
  for (const text of ['', ' ', '0x1', '1.5', '-.1', 'NaN', 'Infinity', '1e999', '1 0']) {
    expect(readOption(share, text), text).toEqual({ expected: 'a number from 0 to 1' });
  }
  for (const text of ['3', '3,4,6', '3,', '3.5,4', '0,4', '0x3,4']) {
    expect(readOption(blocks, text), text).toEqual({ expected: '2 whole numbers from 1 to 36 with commas between' });
  }
});

test('switches, choices and texts say what they take', () => {
  expect(readOption({ kind: 'boolean', label: 'Nesterov' }, 'true')).toEqual({ value: true });
  expect(readOption({ kind: 'boolean', label: 'Nesterov' }, 'yes')).toEqual({ expected: 'on or off' });
  const stem = { kind: 'choice', label: 'Stem', choices: ['imagenet', 'small'] } as const;
  expect(readOption(stem, 'small')).toEqual({ value: 'small' });
  expect(readOption(stem, 'large')).toEqual({ expected: 'one of imagenet, small' });
  const address = { kind: 'text', label: 'Address', maxLength: 3 } as const;
  expect(readOption(address, 'abc')).toEqual({ value: 'abc' });
  expect(readOption(address, 'abcd')).toEqual({ expected: 'a text of at most 3 characters' });
});
