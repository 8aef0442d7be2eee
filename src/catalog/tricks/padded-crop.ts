import { z } from 'zod';
import { defineTrick, type ImageOp, int } from '../define';

const BLACK = [0, 0, 0] as const;

/**
 * The crop of CIFAR practice: pad every side with black, cut a random square of the input size.
 * An image of another size is first brought to it: resized whole if it is square, else its centre square.
 */
export const paddedCrop = defineTrick({
  id: 'padded-crop',
  label: 'Padded crop',
  summary: 'Shifts the image by a few pixels: pads it and cuts a random square. For small images.',
  paper: {
    title: 'Deep residual learning for image recognition, 4.2 (He et al. 2015)',
    url: 'https://arxiv.org/abs/1512.03385',
  },
  stage: 'augmentation',
  on: true,
  crops: true,
  excludes: ['random-resized-crop'],
  options: z.object({
    padding: int(4, { min: 1, max: 32 }, { label: 'Padding', unit: 'px', help: 'Largest shift to each side.' }),
  }),
  timm: () => ({ impossible: "timm's train.py has no crop of a padded image." }),
  sample: ({ padding }, { rng, width, height, size }) => {
    const ops: ImageOp[] = [];
    if (width !== size || height !== size) {
      const side = Math.min(width, height);
      const x = Math.floor((width - side) / 2);
      const y = Math.floor((height - side) / 2);
      ops.push({ op: 'resized-crop', x, y, width: side, height: side, toWidth: size, toHeight: size });
    }
    const y = rng.int(2 * padding + 1) - padding;
    const x = rng.int(2 * padding + 1) - padding;
    ops.push({ op: 'crop', x, y, width: size, height: size, fill: BLACK });
    return ops;
  },
});
