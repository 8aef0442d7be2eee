/** Augmentations that do not suit what the images are. */

import { numberOf } from '../plan';
import type { Experiment } from '../schema';
import type { Clash } from '.';

/** A blur of up to two pixels, on images smaller than this, leaves little to see. */
const PIXELS_FOR_BLUR = 48;
/** Datasets that are no photographs; a user's own may be anything. */
const FAR_FROM_PHOTOS: Record<string, string> = { 'fashion-mnist': 'Small grey pictures', emoji: 'Drawn pictures' };

export function augmentationClashes(experiment: Experiment): Clash[] {
  const { on, dataset } = experiment;
  const found: Clash[] = [];
  const add = (trick: string, message: string) => found.push({ trick, message });
  const far = FAR_FROM_PHOTOS[dataset];
  const grey = dataset === 'fashion-mnist';
  for (const trick of ['auto-augment', 'rand-augment']) {
    if (on[trick] && far) {
      add(trick, `${far} are far from the ImageNet photos that its operations were chosen for: compare with it off.`);
    }
  }
  if (on['color-jitter'] && numberOf(experiment, 'color-jitter', 'hue') > 0) {
    if (grey) add('color-jitter', 'The images are grey: a shift of hue changes nothing.');
    else if (far) add('color-jitter', `${far} are far from photos: a shift of hue may change what they show.`);
  }
  if (on['lighting-noise'] && far) {
    add('lighting-noise', `${far} do not vary in colour as ImageNet photos do, whose directions this takes.`);
  }
  if (on.grayscale && grey) add('grayscale', 'The images are grey already: nothing changes.');
  const size = numberOf(experiment, 'data', 'size');
  if (on['gaussian-blur'] && size < PIXELS_FOR_BLUR) {
    add('gaussian-blur', `A blur of up to two pixels leaves little to see at ${size} px.`);
  }
  return found;
}
