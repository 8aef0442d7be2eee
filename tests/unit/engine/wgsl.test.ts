import { expect, test } from 'vitest';
import { expand } from '../../../src/engine/gpu/wgsl';

const lines = (...text: string[]) => text.join('\n');

test('a loop repeats its lines with the number, the next one, and constants as numbers in their places', () => {
  const text = lines('#for k LAST', '  x{k} = x{k+1};', '#end', 'x{LAST} = load({LAST});');
  expect(expand(text, { LAST: 2 })).toBe(lines('  x0 = x1;', '  x1 = x2;', 'x2 = load(2);'));
});

test('loops nest, and a loop of no turns leaves nothing', () => {
  const text = lines('#for a 2', '#for b N', '{a}{b}', '#end', '#end');
  expect(expand(text, { N: 2 })).toBe(lines('00', '01', '10', '11'));
  expect(expand(text, { N: 0 })).toBe('');
});

test('a choice keeps one side', () => {
  const text = lines('#if MODE == 2', 'two', '#else', 'other', '#end');
  expect(expand(text, { MODE: 2 })).toBe('two');
  expect(expand(text, { MODE: 1 })).toBe('other');
});

test('what does not add up is an error that says so', () => {
  expect(() => expand('#for p P', { P: 1 })).toThrow('block without #end');
  expect(() => expand('#end', {})).toThrow('#end too many');
  expect(() => expand('#if MISSING\n#end', {})).toThrow('asks for MISSING');
  expect(() => expand('x{MISSING}', {})).toThrow('asks for MISSING');
});
