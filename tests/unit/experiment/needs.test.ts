import { expect, test } from 'vitest';
import { tricks } from '../../../src/catalog/tricks';
import { unmetNeed, unmetNeeds } from '../../../src/experiment/needs';
import { experimentWith } from '../../../src/experiment/schema';

test('low precision is refused, with the reason, where the device has no 16-bit floats', () => {
  const experiment = experimentWith({ 'low-precision': 'on' });
  expect(unmetNeeds(experiment, ['subgroups'])).toEqual([expect.stringContaining('shader-f16')]);
  expect(unmetNeeds(experiment, ['shader-f16'])).toEqual([]);
  expect(unmetNeeds(experimentWith({}), [])).toEqual([]);
});

test('the reference engine has no low precision on any device', () => {
  const experiment = experimentWith({ 'low-precision': 'on', engine: 'reference' });
  expect(unmetNeeds(experiment, ['shader-f16'])).toEqual([expect.stringContaining("Tricklab's own engine")]);
});

test('other tricks need nothing', () => {
  const needy = tricks.filter((trick) => unmetNeed(trick, []) !== undefined).map(({ id }) => id);
  expect(needy).toEqual(['low-precision']);
});
