/** What the images of a dataset are, as far as augmentations care. */

/** 'anything' is a user's own: nothing is known of them, and so nothing is said against them. */
export type Pictures = 'photos' | 'drawings' | 'grey' | 'anything';

/** The images in words, where they are far from the photos that most augmentations were chosen for. */
export function farFromPhotos(pictures: Pictures): string | undefined {
  switch (pictures) {
    case 'grey':
      return 'Small grey pictures';
    case 'drawings':
      return 'Drawn pictures';
    case 'photos':
    case 'anything':
      return undefined;
    default:
      return pictures satisfies never;
  }
}

/** The warning of an augmentation whose operations were searched or chosen on ImageNet. */
export function warnFarFromPhotos(pictures: Pictures): string[] {
  const far = farFromPhotos(pictures);
  return far
    ? [`${far} are far from the ImageNet photos that its operations were chosen for: compare with it off.`]
    : [];
}
