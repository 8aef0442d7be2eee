import { z } from 'zod';
import { defineTrick, type ImageOp, num } from '../define';
import { farFromPhotos } from '../pictures';

const strength = (label: string) =>
  num(0.4, { min: 0, max: 1, step: 0.05 }, { label, help: 'The factor is uniform in 1 +- this.' });

/** Factors and random order as torchvision's ColorJitter; timm's default strength. */
export const colorJitter = defineTrick({
  id: 'color-jitter',
  label: 'Color jitter',
  summary: 'Changes brightness, contrast and saturation by random factors, in random order.',
  paper: {
    title: 'Some improvements on deep convolutional neural network based image classification (Howard 2013)',
    url: 'https://arxiv.org/abs/1312.5402',
  },
  stage: 'augmentation',
  on: false,
  options: z.object({
    brightness: strength('Brightness'),
    contrast: strength('Contrast'),
    saturation: strength('Saturation'),
    hue: num(
      0,
      { min: 0, max: 0.5, step: 0.01 },
      { label: 'Hue', unit: 'turns', help: 'Largest shift around the colour circle.' },
    ),
  }),
  warn: ({ hue }, { dataset }) => {
    if (hue === 0) return [];
    if (dataset.pictures === 'grey') return ['The images are grey: a shift of hue changes nothing.'];
    const far = farFromPhotos(dataset.pictures);
    return far ? [`${far} are far from photos: a shift of hue may change what they show.`] : [];
  },
  timm: ({ brightness, contrast, saturation, hue }) =>
    brightness === contrast && contrast === saturation && hue === 0
      ? { args: ['--color-jitter', String(brightness)] }
      : { impossible: 'train.py takes one color jitter strength for all three and none for hue.' },
  sample: ({ brightness, contrast, saturation, hue }, { rng }) => {
    const factor = (v: number) => rng.uniform(1 - v, 1 + v);
    const ops: ImageOp[] = [];
    // Every factor is drawn, used or not, so that one strength does not change the others' numbers.
    const drawn: [number, ImageOp][] = [
      [brightness, { op: 'brightness', factor: factor(brightness) }],
      [contrast, { op: 'contrast', factor: factor(contrast) }],
      [saturation, { op: 'saturation', factor: factor(saturation) }],
      [hue, { op: 'hue', shift: rng.uniform(-hue, hue) }],
    ];
    for (const i of rng.permutation(drawn.length)) {
      const [amount, op] = drawn[i] as [number, ImageOp];
      if (amount > 0) ops.push(op);
    }
    return ops;
  },
});
