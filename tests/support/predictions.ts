/** What a validation said of two images, as it is stored. */
import type { Predictions } from '../../src/core/results';

export const twoPredictions: Predictions = {
  step: 1,
  split: 'validation',
  classes: ['a', 'b'],
  images: 2,
  logits: Float32Array.of(1, 2, 3, 4),
  labels: Int32Array.of(0, 1),
  places: Uint32Array.of(0, 1),
  keys: ['x', 'y'],
};
