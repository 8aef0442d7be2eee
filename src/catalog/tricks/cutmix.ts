import { z } from 'zod';
import { defineTrick, num } from '../define';
import { cutmixBox, warnOfMixing } from '../mixing';

export const cutmix = defineTrick({
  id: 'cutmix',
  label: 'CutMix',
  summary: 'Pastes a box of another image of the batch into every image and mixes the targets by area.',
  paper: {
    title: 'CutMix: regularization strategy to train strong classifiers with localizable features (Yun et al. 2019)',
    url: 'https://arxiv.org/abs/1905.04899',
  },
  stage: 'mixing',
  on: false,
  options: z.object({
    alpha: num(
      1,
      { min: 0.01, max: 8, step: 0.05 },
      { label: 'Alpha', help: 'lambda ~ Beta(alpha, alpha); the box covers 1 - lambda of the image. 1 is uniform.' },
    ),
  }),
  warn: (_options, run) => warnOfMixing(run),
  timm: ({ alpha }) => ({ args: ['--cutmix', String(alpha)] }),
  batch: ({ alpha }, { rng, size }) => {
    const lambda = rng.beta(alpha, alpha);
    return { kind: 'cutmix', ...cutmixBox(lambda, rng.int(size), rng.int(size), size) };
  },
});
