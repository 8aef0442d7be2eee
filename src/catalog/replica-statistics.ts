/** What batch norm sees on each of several replicas. */
import type { Surroundings } from './define';

/** Images per replica below which the statistics of batch norm are too noisy (Wu and He 2018, figure 1). */
const IMAGES_FOR_STATISTICS = 8;

/** The images that a replica normalises by itself, in words, where they are too few; undefined where they are enough, or shared. */
export function fewImages({ batch, replicas, normGroups, model }: Surroundings): string | undefined {
  if (!model.batchNorm || normGroups === 1 || batch % replicas !== 0) return undefined;
  const images = batch / replicas;
  if (images >= IMAGES_FOR_STATISTICS) return undefined;
  return images === 1 ? 'a single image' : `${images} images`;
}
