import { z } from 'zod';
import { defineTrick, num } from '../define';
import { farFromPhotos } from '../pictures';

/** Principal components of ImageNet's colours and their standard deviations in levels of 255, as gluon and MXNet have them. */
const EIGENVALUES = [55.46, 4.794, 1.148] as const;
const EIGENVECTORS = [
  [-0.5675, 0.7192, 0.4009],
  [-0.5808, -0.0045, -0.814],
  [-0.5836, -0.6948, 0.4203],
] as const;

/** gluon's RandomLighting(alpha_std), with which He et al. 2019 train. */
export const lightingNoise = defineTrick({
  id: 'lighting-noise',
  label: 'PCA lighting noise',
  summary: 'Shifts all pixels of an image along the colour directions in which ImageNet photos differ most.',
  paper: {
    title: 'ImageNet classification with deep convolutional neural networks, 4.1 (Krizhevsky et al. 2012)',
    url: 'https://papers.nips.cc/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html',
  },
  stage: 'augmentation',
  on: false,
  options: z.object({
    std: num(
      0.1,
      { min: 0, max: 1, step: 0.05 },
      { label: 'Strength', help: 'Standard deviation of the three coefficients.' },
    ),
  }),
  warn: (_options, { dataset }) => {
    const far = farFromPhotos(dataset.pictures);
    return far ? [`${far} do not vary in colour as ImageNet photos do, whose directions this takes.`] : [];
  },
  timm: () => ({ impossible: "timm's train.py has no PCA lighting noise." }),
  sample: ({ std }, { rng }) => {
    const along = EIGENVALUES.map((value) => value * rng.normal(0, std));
    const add = EIGENVECTORS.map((row) => row.reduce((sum, share, i) => sum + share * (along[i] as number), 0));
    return [{ op: 'shift-rgb', add: add as [number, number, number] }];
  },
});
