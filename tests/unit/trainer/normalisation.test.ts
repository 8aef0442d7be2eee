import { describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../../src/core/safetensors';
import { type OpenDataset, openDataset } from '../../../src/data/open';
import { experimentWith } from '../../../src/experiment/schema';
import { statisticsFor, statisticsIn, statisticsTexts } from '../../../src/trainer/normalisation';

const weights = (texts: Record<string, string>) => writeSafetensors(new Map(), texts);
const own = { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] } as const;

/** A dataset whose index says this of itself. */
async function dataset(keys: Record<string, string>, stated: object, ownIndex?: string): Promise<OpenDataset> {
  const split = { name: 'train', num_samples: 1, filenames: ['a.tar'], shard_lengths: [1] };
  const info = JSON.stringify({ num_classes: 2, splits: { train: split }, ...stated });
  const place = { experiment: experimentWith(keys), base: 'https://a.example/', own: ownIndex };
  return openDataset(place, { fetch: async () => new Response(info) });
}
const brought = { dataset: 'wds', 'wds.url': 'https://b.example/_info.json' };

describe('mean and std', () => {
  it('of weights are written into their file and read from it', () => {
    expect(statisticsIn(weights(statisticsTexts(own)))).toEqual(own);
    for (const texts of [
      {},
      { mean: '[1,2,3]', std: '[1,1,1]' },
      { mean: '[0,0,0]', std: '[0,0,0]' },
      { mean: '{}', std: 'x' },
    ])
      expect(statisticsIn(weights(texts))).toBeUndefined();
  });

  it("are the catalog's for a dataset of the catalog, the index's for one that a user brings", async () => {
    const emoji = { mean: [0.794, 0.747, 0.71], std: [0.298, 0.302, 0.347] };
    expect((await dataset({ dataset: 'emoji' }, own)).stated).toEqual(emoji);
    expect((await dataset({ dataset: 'emoji' }, own, 'https://c.example/_info.json')).stated).toEqual(own);
    expect((await dataset(brought, own)).stated).toEqual(own);
    expect((await dataset(brought, {})).stated).toBeUndefined();
  });

  it("are, to predict with, the weights' own before the dataset's before ImageNet's", async () => {
    const other = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
    const [stating, silent] = [await dataset(brought, other), await dataset(brought, {})];
    expect(statisticsFor(weights(statisticsTexts(own)), stating)).toMatchObject(own);
    expect(statisticsFor(weights({}), stating)).toMatchObject(other);
    expect(statisticsFor(weights({}), silent)).toMatchObject({ mean: [0.485, 0.456, 0.406] });
  });
});
