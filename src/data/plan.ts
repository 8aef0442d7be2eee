/** What happens to one sample's image: planned here for the data workers and for the page's preview alike. */
import type { ImageOp } from '../catalog/define';
import { activeTricks } from '../catalog/tricks';
import { rng } from '../core/rng';
import { evaluationOps, sizeAfter } from './augment';
import type { SampleRecipe } from './types';

/**
 * Image operations of one training sample: those of the tricks that are on, in registry order, each with its own random
 * stream for (seed, epoch, sample) and told the size that the operations before it leave; whatever size remains is brought
 * to size x size as in evaluation. width, height: of the decoded image, pixels.
 */
export function planSample(
  recipe: SampleRecipe,
  seed: number,
  epoch: number,
  sampleIndex: number,
  width: number,
  height: number,
): ImageOp[] {
  const { size } = recipe;
  const ops: ImageOp[] = [];
  for (const { trick, options } of activeTricks(recipe)) {
    if (!trick.sample) continue;
    const stream = rng(seed, `sample/${trick.id}`, epoch, sampleIndex);
    ops.push(...trick.sample(options, { rng: stream, ...sizeAfter(width, height, ops), size }));
  }
  const after = sizeAfter(width, height, ops);
  return after.width === size && after.height === size
    ? ops
    : [...ops, ...evaluationOps(after.width, after.height, size)];
}
