/** The rules of the tensor layer that every implementation shares, and what they cost over shapes. */
import { describe, expect, it, test } from 'vitest';
import { checkGroupedChannels, concatenatedChannels, factorScope } from '../../../src/core/layers';
import { countingLayers } from '../../../src/experiment/shape-layers';

describe('factorScope', () => {
  it.each([
    [[2, 5, 5, 8], [2, 5, 5, 8], 'number'],
    [[3, 8], [3, 8], 'number'],
    [[2, 5, 5, 8], [8], 'channel'],
    [[2, 7, 8], [8], 'channel'],
    [[2, 5, 5, 8], [2, 8], 'sample'],
    [[2, 5, 5, 8], [2, 1, 1, 8], 'sample'],
    [[2, 7, 8], [2, 1, 8], 'sample'],
  ])('a tensor %o times one of %o has a factor for each %s', (a, b, scope) => {
    expect(factorScope(a, b)).toBe(scope);
  });

  it.each([
    [[2, 5, 5, 8], [5]],
    [
      [2, 5, 5, 8],
      [1, 8],
    ],
    [
      [2, 5, 5, 8],
      [2, 5, 1, 8],
    ],
    [
      [2, 5, 5, 8],
      [2, 1, 8],
    ],
    [[2, 5, 5, 8], []],
    [[8], [2, 8]],
  ])('a tensor %o times one of %o is refused with both shapes', (a, b) => {
    expect(() => factorScope(a, b)).toThrow(`[${a.join(', ')}] cannot be multiplied by [${b.join(', ')}]`);
  });
});

test('groups must divide the channels on both sides', () => {
  expect(() => checkGroupedChannels('conv', 8, 12, 4)).not.toThrow();
  for (const [channels, out, groups] of [
    [8, 10, 4],
    [10, 8, 4],
    [8, 8, 0],
  ] as const) {
    expect(() => checkGroupedChannels('conv', channels, out, groups)).toThrow(`conv: ${groups} groups do not divide`);
  }
});

test('tensors are put one after another along the last axis alone', () => {
  expect(
    concatenatedChannels([
      [2, 5, 5, 3],
      [2, 5, 5, 8],
    ]),
  ).toBe(11);
  expect(() =>
    concatenatedChannels([
      [2, 5, 5, 3],
      [2, 4, 5, 3],
    ]),
  ).toThrow('[2, 5, 5, 3] and [2, 4, 5, 3] cannot be put one after another');
  expect(() => concatenatedChannels([])).toThrow('Nothing cannot be put');
});

describe('over shapes', () => {
  it('a convolution in groups has the weights and multiply-adds of a group', () => {
    const { nn, counts } = countingLayers();
    expect(nn.conv([1, 6, 6, 8], 'grouped', { out: 12, kernel: 3, groups: 4 })).toEqual([1, 4, 4, 12]);
    expect(counts.parameters.get('grouped.weight')).toEqual([12, 2, 3, 3]);
    expect(counts.macs).toBe(4 * 4 * 12 * 2 * 9);
    expect(() => nn.conv([1, 6, 6, 8], 'odd', { out: 12, kernel: 3, groups: 3 })).toThrow('odd: 3 groups');
  });

  it('a learned tensor is a parameter, factors keep the shape and concatenation adds channels', () => {
    const { nn, counts } = countingLayers();
    const scale = nn.parameter('gamma', [8], { kind: 'constant', value: 1e-6 });
    expect(nn.multiply([2, 5, 5, 8], scale)).toEqual([2, 5, 5, 8]);
    expect(() => nn.multiply([2, 5, 5, 7], scale)).toThrow('cannot be multiplied');
    expect(
      nn.concat([
        [2, 5, 5, 8],
        [2, 5, 5, 3],
      ]),
    ).toEqual([2, 5, 5, 11]);
    expect(counts.parameters).toEqual(new Map([['gamma', [8]]]));
  });
});
