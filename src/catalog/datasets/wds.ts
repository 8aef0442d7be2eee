import { z } from 'zod';
import { defineDataset, text } from '../define';

/** Any WebDataset. Its classes and images are known when its index is read; until then the numbers are ImageNet's. */
export const wds = defineDataset({
  id: 'wds',
  label: 'Shards from a link',
  brought: true,
  summary: 'Any WebDataset: the address of its _info.json.',
  license: "the dataset's own",
  credit: "the dataset's authors",
  classes: 1000,
  imageSide: 256,
  trainImages: 1281167,
  pictures: 'anything',
  options: z.object({
    url: text('', 2000, { label: 'Address of _info.json', help: 'https://... or a path below this site.' }),
  }),
  infoUrl: ({ url }) => {
    if (!url) throw new Error('Give the address of the _info.json of your shards.');
    return url;
  },
  // ImageNet's, as every timm model expects.
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
});
