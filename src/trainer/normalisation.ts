/** What images are normalised with is a part of what a network has learned: it goes with its weights. */
import { safetensorsMetadata } from '../core/safetensors';
import type { OpenDataset } from '../data/open';
import { IMAGENET } from '../data/plan';
import type { Statistics } from '../data/statistics';

/** Mean and std as texts for a weights file's header. */
export const statisticsTexts = ({ mean, std }: Statistics): Record<string, string> => ({
  mean: JSON.stringify(mean),
  std: JSON.stringify(std),
});

function channels(text: string | undefined, least: number): Statistics['mean'] | undefined {
  let given: unknown;
  try {
    given = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (!Array.isArray(given) || given.length !== 3) return undefined;
  const [red, green, blue] = given.map((value: unknown) =>
    typeof value === 'number' && value >= least && value <= 1 ? value : Number.NaN,
  ) as [number, number, number];
  return Number.isNaN(red + green + blue) ? undefined : [red, green, blue];
}

/** What the header of a weights file says of its images' mean and std, if it does. */
export function statisticsIn(weights: ArrayBuffer): Statistics | undefined {
  const texts = safetensorsMetadata(weights);
  const [mean, std] = [channels(texts.get('mean'), 0), channels(texts.get('std'), 1e-4)];
  return mean && std && { mean, std };
}

/**
 * What images are normalised with for these weights, and whose word that is: the file's own, else the dataset's, else ImageNet's,
 * as every timm model expects.
 */
export function statisticsFor(weights: ArrayBuffer, dataset: OpenDataset): Statistics & { source: string } {
  const own = statisticsIn(weights);
  if (own) return { ...own, source: 'the weights file' };
  if (dataset.stated) return { ...dataset.stated, source: `the dataset '${dataset.index.name}'` };
  return { ...IMAGENET, source: 'ImageNet, since neither weights nor dataset state any' };
}
