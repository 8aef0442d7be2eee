import { describe, expect, it } from 'vitest';
import { philox, rng } from '../../../src/core/rng';

describe('rng', () => {
  it('gives the known answers of Philox 4x32-10 (Random123 kat_vectors)', () => {
    expect(philox([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
    const f = 0xffffffff;
    expect(philox([f, f, f, f], [f, f])).toEqual([0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
    expect(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
    ]);
  });

  it('depends on every key and on nothing else', () => {
    const first = (seed: number, name: string, a: number, b: number) => rng(seed, name, a, b).uint32();
    expect(first(1, 'flip', 2, 3)).toBe(first(1, 'flip', 2, 3));
    const draws = [
      first(1, 'flip', 2, 3),
      first(2, 'flip', 2, 3),
      first(1, 'crop', 2, 3),
      first(1, 'flip', 3, 3),
      first(1, 'flip', 2, 4),
    ];
    expect(new Set(draws).size).toBe(draws.length);
  });

  it('draws normal and beta variates with the right moments', () => {
    const stream = rng(7, 'moments');
    const n = 20_000;
    const moments = (draw: () => number) => {
      const xs = Array.from({ length: n }, draw);
      const mean = xs.reduce((a, b) => a + b) / n;
      return { mean, variance: xs.reduce((a, x) => a + (x - mean) ** 2, 0) / n };
    };
    // Four standard errors of the mean and variance at n = 20,000.
    const normal = moments(() => stream.normal(3, 2));
    expect(Math.abs(normal.mean - 3)).toBeLessThan(4 * (2 / Math.sqrt(n)));
    expect(Math.abs(normal.variance - 4)).toBeLessThan(4 * 4 * Math.sqrt(2 / n));
    const beta = moments(() => stream.beta(0.2, 0.2));
    expect(Math.abs(beta.mean - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 1.4 / n));
    expect(Math.abs(beta.variance - 0.25 / 1.4)).toBeLessThan(0.005);
  });

  it('permutes without loss', () => {
    expect([...rng(1, 'order').permutation(100)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
  });
});
