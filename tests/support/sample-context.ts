/** What a sample trick is told of an image, for tests that ask one trick alone. */
import type { SampleContext } from '../../src/catalog/define';
import { rng } from '../../src/core/rng';

/** The streams and the place of a sample as planSample gives them to a trick. */
export const placeOf = (trick: string, seed: number, epoch = 0, sampleIndex = 0) => ({
  rng: rng(seed, `sample/${trick}`, epoch, sampleIndex),
  lasting: () => rng(seed, `lasting/${trick}`, sampleIndex),
  epoch,
  sampleIndex,
});

/** A square of 64 pixels with ImageNet's statistics. */
export const square = {
  width: 64,
  height: 64,
  size: 64,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} as const satisfies Partial<SampleContext>;
