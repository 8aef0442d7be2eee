import { packTar } from 'modern-tar';
import { describe, expect, it } from 'vitest';
import { holdOut, type Keyed, shardHoldout, stratifiedHoldout } from '../../../src/data/holdout';
import type { ShardIndex } from '../../../src/data/types';

const sum = (bits: Uint8Array) => bits.reduce((a, b) => a + b, 0);
const heldKeys = (samples: readonly Keyed[]) => {
  const held = stratifiedHoldout(samples);
  return samples.flatMap((sample, i) => (sample && held[i] ? [sample.key] : [])).sort();
};

/** Sample i of class i % 4. */
const samples: Keyed[] = Array.from({ length: 400 }, (_, i) => ({ key: String(i).padStart(8, '0'), label: i % 4 }));

describe('samples held out for validation', () => {
  it('are a tenth of every class', () => {
    const held = stratifiedHoldout(samples);
    for (const label of [0, 1, 2, 3]) {
      expect(sum(held.filter((_, i) => samples[i]?.label === label))).toBe(10);
    }
    // By hash, not by place: neither the first nor the last tenth.
    expect(sum(held.subarray(0, 200))).toBeGreaterThan(8);
    expect(sum(held.subarray(200))).toBeGreaterThan(8);
  });

  it('are the same images in another order of the samples', () => {
    expect(heldKeys([...samples].reverse())).toEqual(heldKeys(samples));
  });

  it('are one of a small class, none of a single image, and nothing that cannot be read', () => {
    const small: Keyed[] = [{ key: 'a', label: 0 }, { key: 'b', label: 0 }, { key: 'c', label: 1 }, undefined];
    const held = stratifiedHoldout(small);
    expect(held[0] as number).toBe(1 - (held[1] as number));
    expect([held[2], held[3]]).toEqual([0, 0]);
  });
});

describe('shards held out for validation', () => {
  it('are a tenth of them, whole, by name', () => {
    const lengths = Array.from({ length: 40 }, (_, i) => 3 + (i % 2));
    const names = lengths.map((_, i) => `s-${i}.tar`);
    const held = shardHoldout(names, lengths);
    const wholeShards = (bits: Uint8Array, shardLengths: number[], filenames: string[]) => {
      let start = 0;
      return filenames.filter((_, shard) => {
        const part = bits.subarray(start, start + (shardLengths[shard] as number));
        start += part.length;
        expect([0, part.length]).toContain(sum(part));
        return part[0] === 1;
      });
    };
    const chosen = wholeShards(held, lengths, names);
    expect(chosen).toHaveLength(4);
    const [backNames, backLengths] = [[...names].reverse(), [...lengths].reverse()];
    expect(wholeShards(shardHoldout(backNames, backLengths), backLengths, backNames).sort()).toEqual(chosen.sort());
  });
});

describe('a split without validation', () => {
  const encode = (text: string) => new TextEncoder().encode(text);

  /** Shards of labels only count: an image is any bytes here. Asked: what was downloaded. */
  async function site(labels: number[][]) {
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    let key = 0;
    for (const [shard, ofShard] of labels.entries()) {
      const members = ofShard.flatMap((label) => {
        const name = String(key++).padStart(8, '0');
        return [
          { header: { name: `${name}.png`, size: 3 }, body: encode('png') },
          { header: { name: `${name}.cls`, size: 1 }, body: encode(String(label)) },
        ];
      });
      files.set(`https://shards.invalid/s-${shard}.tar`, (await packTar(members)) as Uint8Array<ArrayBuffer>);
    }
    const index: ShardIndex = {
      name: 'tiny',
      classes: ['a', 'b'],
      baseUrl: 'https://shards.invalid/',
      splits: {
        train: {
          name: 'train',
          num_samples: key,
          filenames: labels.map((_, shard) => `s-${shard}.tar`),
          shard_lengths: labels.map((ofShard) => ofShard.length),
        },
      },
    };
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      asked.push(String(input));
      return new Response(files.get(String(input)) ?? null, { status: files.has(String(input)) ? 200 : 404 });
    };
    return { index, fetch, asked };
  }

  it('of few shards is parted by the labels in them', async () => {
    const { index, fetch } = await site([new Array(20).fill(0), new Array(30).fill(1)]);
    const held = await holdOut({ index, fetch, split: 'train' });
    expect(sum(held?.validation.subarray(0, 20) as Uint8Array)).toBe(2);
    expect(sum(held?.validation.subarray(20) as Uint8Array)).toBe(3);
    expect(held?.training).toEqual(held?.validation.map((bit) => 1 - bit));
  });

  it('of many shards is parted without downloading one', async () => {
    const { index, fetch, asked } = await site(new Array(20).fill([0, 1]));
    const held = await holdOut({ index, fetch, split: 'train' });
    expect(sum(held?.validation as Uint8Array)).toBe(4);
    expect(asked).toEqual([]);
  });

  it('leaves a sample without a readable label in training', async () => {
    const { index, fetch } = await site([[0, 0, 0, 7, 1, 1]]);
    const held = await holdOut({ index, fetch, split: 'train' });
    expect(held?.training[3]).toBe(1);
    expect(sum(held?.validation as Uint8Array)).toBe(2);
  });

  it('has nothing to spare when every class has a single image', async () => {
    const { index, fetch } = await site([[0, 1]]);
    expect(await holdOut({ index, fetch, split: 'train' })).toBeUndefined();
  });

  it('fails in words when a shard is missing', async () => {
    const { index, fetch } = await site([[0, 0, 1, 1]]);
    index.splits.train?.filenames.splice(0, 1, 'gone.tar');
    await expect(holdOut({ index, fetch, split: 'train' })).rejects.toThrow('gone.tar does not exist');
  });
});
