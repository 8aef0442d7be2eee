import { expect, it } from 'vitest';
import { isImpossible } from '../../../src/trainer/impossible-loss';

it.each([
  ['zeros of a shader that did not run', 0, 0, true],
  ['no loss on images of which one is wrong', 0, 7 / 8, true],
  ['no loss on images that are all right', 0, 1, false],
  ['a tiny loss', 1e-30, 0, false],
  ['a loss', 2.3, 0.1, false],
])('knows a loss that no network can have: %s', (_, loss, top1, impossible) => {
  expect(isImpossible(loss, top1)).toBe(impossible);
});
