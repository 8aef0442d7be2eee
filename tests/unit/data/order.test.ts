import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  batchCount,
  blockShardsOf,
  locate,
  naturalOrder,
  sampleOrder,
  shardBlocks,
  shardStarts,
  subset,
  usedShards,
} from '../../../src/data/order';

const lengths = [5, 5, 0, 5, 5, 5, 5, 5, 5, 3];
const order = (seed: number, epoch: number) => [...sampleOrder({ seed, epoch, shardLengths: lengths, blockShards: 4 })];

describe('sample order', () => {
  it('locates every sample number', () => {
    const starts = shardStarts(lengths);
    let sample = 0;
    lengths.forEach((length, shard) => {
      for (let index = 0; index < length; index++) expect(locate(starts, sample++)).toEqual({ shard, index });
    });
  });

  it('visits every sample once, for any shards, blocks, seed and epoch', () => {
    const shards = fc.array(fc.nat(30), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(
        shards,
        fc.integer({ min: 1, max: 8 }),
        fc.nat(),
        fc.nat(1000),
        (shardLengths, blockShards, seed, epoch) => {
          const total = shardLengths.reduce((a, b) => a + b, 0);
          const visited = [...sampleOrder({ seed, epoch, shardLengths, blockShards })].sort((a, b) => a - b);
          expect(visited).toEqual(Array.from({ length: total }, (_, i) => i));
        },
      ),
      { seed: 3 },
    );
  });

  it('is a pure function that differs between epochs and between seeds', () => {
    expect(order(1, 0)).toEqual(order(1, 0));
    expect(order(1, 0)).not.toEqual(order(1, 1));
    expect(order(1, 0)).not.toEqual(order(2, 0));
    expect(order(1, 0)).not.toEqual(order(1, 0).sort((a, b) => a - b));
  });

  it('finishes a block of shards before the next begins', () => {
    const starts = shardStarts(lengths);
    const blocks = shardBlocks({ seed: 9, epoch: 2, shardLengths: lengths, blockShards: 4 });
    expect(blocks.map((block) => block.length)).toEqual([4, 4, 1]);
    const visited = [...sampleOrder({ seed: 9, epoch: 2, shardLengths: lengths, blockShards: 4 })];
    for (const block of blocks) {
      const size = block.reduce((sum, shard) => sum + (lengths[shard] as number), 0);
      const shards = new Set(visited.splice(0, size).map((sample) => locate(starts, sample).shard));
      expect([...shards].sort()).toEqual([...block].sort());
    }
  });

  it('puts every sample in every tenth of the epoch about equally often', () => {
    const shardLengths = new Array(8).fill(5);
    const counts = Array.from({ length: 10 }, () => new Array(40).fill(0));
    const epochs = 2000;
    for (let epoch = 0; epoch < epochs; epoch++) {
      sampleOrder({ seed: 1, epoch, shardLengths, blockShards: 4 }).forEach((sample, place) => {
        const tenth = counts[Math.floor(place / 4)] as number[];
        tenth[sample] = (tenth[sample] as number) + 1;
      });
    }
    // Binomial(2000, .1): standard deviation 13.4; 5 of them, for 400 counts.
    for (const count of counts.flat()) expect(Math.abs(count - epochs / 10)).toBeLessThan(67);
  });

  it('takes four to eight shards a block, by their size', () => {
    const split = (bytes?: number) => ({
      name: 'train',
      num_samples: 1,
      filenames: ['a.tar'],
      shard_lengths: [1],
      ...(bytes ? { shard_bytes: [bytes] } : {}),
    });
    expect(blockShardsOf(split())).toBe(4);
    expect(blockShardsOf(split(2e6))).toBe(8);
    expect(blockShardsOf(split(25 * 2 ** 20))).toBe(5);
    expect(blockShardsOf(split(150e6))).toBe(4);
  });

  it('drops the last partial batch in training only', () => {
    expect(batchCount(43, 8, true)).toBe(5);
    expect(batchCount(43, 8, false)).toBe(6);
    expect(batchCount(40, 8, false)).toBe(5);
    expect(batchCount(7, 8, true)).toBe(0);
  });
});

describe('subsets', () => {
  it('are whole shards where there are many: 20 % of ImageNet is 205 shards', () => {
    const imagenet = new Array(1024).fill(7);
    const set = subset(imagenet, 0.2);
    expect(set.count).toBe(205 * 7);
    const blocks = shardBlocks({ seed: 1, epoch: 0, shardLengths: imagenet, blockShards: 4, set });
    expect(blocks.flat().length).toBe(205);
  });

  it('are samples where there are few shards, spread over them', () => {
    const set = subset([100, 100, 100], 0.1);
    expect(set.count).toBe(30);
    for (const shard of [0, 1, 2]) expect(set.keep.subarray(shard * 100, shard * 100 + 100)).toContain(1);
  });

  it('nest: less data is part of more data', () => {
    for (const shards of [[300, 300], new Array(64).fill(10)]) {
      const small = subset(shards, 0.2).keep;
      const large = subset(shards, 0.5).keep;
      expect(small.every((bit, i) => bit <= (large[i] as number))).toBe(true);
    }
  });

  it('stay within a part of the split: samples of few shards, shards of many', () => {
    const few = [30, 30];
    const odd = Uint8Array.from({ length: 60 }, (_, i) => i % 2);
    expect(subset(few, 1, odd)).toEqual({ keep: odd, count: 30 });
    const third = subset(few, 1 / 3, odd);
    expect(third.count).toBe(10);
    expect(third.keep.every((bit, i) => bit <= (odd[i] as number))).toBe(true);

    const many = new Array(40).fill(3);
    const firstHalf = new Uint8Array(120).fill(1, 0, 60);
    const set = subset(many, 0.25, firstHalf);
    expect(set.count).toBe(5 * 3);
    expect(usedShards(many, set.keep).every((shard) => shard < 20)).toBe(true);
  });

  it('keep the order to their samples, each once', () => {
    const shardLengths = [20, 20, 20];
    const set = subset(shardLengths, 0.25);
    const kept = [...naturalOrder(set)];
    expect(kept.length).toBe(15);
    const visited = [...sampleOrder({ seed: 4, epoch: 4, shardLengths, blockShards: 4, set })];
    expect(visited).not.toEqual(kept);
    expect(visited.sort((a, b) => a - b)).toEqual(kept);
  });

  it('hold one sample at least, everything at 1, and refuse what is no share', () => {
    expect(subset([5], 0.001).count).toBe(1);
    expect(subset([5, 4], 1).count).toBe(9);
    for (const fraction of [0, -1, 1.1, Number.NaN]) expect(() => subset([5], fraction)).toThrow('must be in (0, 1]');
  });
});
