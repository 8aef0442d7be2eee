/** What happens to one sample's image: planned here for the data workers and for the page's preview alike. */
import type { ImageOp } from '../catalog/define';
import { activeTricks } from '../catalog/tricks';
import { rng } from '../core/rng';
import { evaluationOps, sizeAfter } from './augment';
import type { SampleRecipe } from './types';

/** ImageNet's, which timm assumes when it is told nothing. */
export const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/**
 * Image operations of one training sample: those of the tricks that are on, in registry order, each with its own random
 * stream for (seed, epoch, sample), another that lasts for all epochs, and told the size that the operations before it leave. Crops come first; whatever size
 * they leave is brought to size x size as in evaluation, and the other tricks act on that. width, height: of the decoded
 * image, pixels.
 */
export function planSample(
  recipe: SampleRecipe,
  seed: number,
  epoch: number,
  sampleIndex: number,
  width: number,
  height: number,
): ImageOp[] {
  const { size, mean = IMAGENET.mean, std = IMAGENET.std } = recipe;
  const active = activeTricks(recipe);
  const ops: ImageOp[] = [];
  const add = (crops: boolean) => {
    for (const { trick, options } of active) {
      if (!trick.sample || (trick.crops ?? false) !== crops) continue;
      const context = {
        rng: rng(seed, `sample/${trick.id}`, epoch, sampleIndex),
        lasting: () => rng(seed, `lasting/${trick.id}`, sampleIndex),
        epoch,
        sampleIndex,
        ...sizeAfter(width, height, ops),
        size,
        mean,
        std,
      };
      ops.push(...trick.sample(options, context));
    }
  };
  add(true);
  const cropped = sizeAfter(width, height, ops);
  if (cropped.width !== size || cropped.height !== size)
    ops.push(...evaluationOps(cropped.width, cropped.height, size));
  add(false);
  return ops;
}
