import { z } from 'zod';
import { defineTrick, int } from '../define';

/**
 * gluon's --mixup-off-epoch, counted from the end: an epoch e, from 0, is not mixed if e >= epochs - off. timm's counts from the
 * start (not mixed if e >= N), and ends CutMix too, as this does. A run that ends inside an epoch counts that epoch as one.
 */
export const mixupOff = defineTrick({
  id: 'mixup-off',
  label: 'End of mixing',
  summary:
    'Trains the last epochs on unmixed images: ends mixup and CutMix, so that the network settles on what it will see.',
  paper: {
    title: 'Data augmentation revisited: rethinking the distribution gap (He et al. 2019)',
    url: 'https://arxiv.org/abs/1909.09148',
  },
  stage: 'mixing',
  on: false,
  options: z.object({
    epochs: int(2, { min: 1, max: 1000 }, { label: 'Last epochs', help: 'So many at the end are not mixed.' }),
  }),
  warn: ({ epochs }, run) => {
    if (!run.mixing) return ['Neither mixup nor CutMix is on: nothing changes.'];
    return epochs >= run.epochs ? ['The run has no more epochs than that: nothing is ever mixed.'] : [];
  },
  timm: ({ epochs }, run) => {
    const from = Math.ceil(run.epochs) - epochs;
    // 0 would mean never.
    return from > 0
      ? { args: ['--mixup-off-epoch', String(from)] }
      : { impossible: 'train.py cannot end mixing before it begins: leave --mixup and --cutmix away.' };
  },
  mixes: ({ epochs }, { epoch, totalEpochs }) => epoch < totalEpochs - epochs,
});
