/** Rows of published tables as experiments that a browser trains in minutes: few small images, a narrow network, few epochs. */
import type { Preset } from './preset';
import { experimentWith } from './schema';

type Keys = Record<string, string>;

/** A tenth of the paper's 120 epochs: each of its numbers of epochs is divided by ten, each batch by eight. */
const SCALED = 'Scaled to a browser: 12,000 grey images of 28 px, an eighth of the width, 12 epochs.';

const RESNETS = ['resnet50-a', 'resnet50', 'resnet50-c', 'resnet50-vd'] as const;

/** Crop, flip, a step every 3 epochs, rates scaled from .1 at batch 32: the paper's baseline in small. */
const paper: Keys = {
  ...Object.fromEntries(
    RESNETS.flatMap((model) => [
      [`${model}.depths`, '1,1,1,1'],
      [`${model}.width`, '.125'],
    ]),
  ),
  model: 'resnet50-a',
  'data.fraction': '.2',
  'data.evalFraction': '.5',
  'data.batch': '32',
  schedule: 'step',
  'step.every': '3',
  'stop.epochs': '12',
  'linear-scaling': 'on',
  'linear-scaling.base': '32',
  warmup: 'off',
  'zero-gamma': 'off',
  'no-bias-decay': 'off',
};

const large: Keys = { 'data.batch': '128' };
const warmup: Keys = { warmup: 'on', 'warmup.epochs': '.5' };
const zeroGamma: Keys = { ...warmup, 'zero-gamma': 'on' };
const noBiasDecay: Keys = { ...zeroGamma, 'no-bias-decay': 'on' };
const half: Keys = { ...noBiasDecay, 'low-precision': 'on' };
const efficient: Keys = { ...large, ...noBiasDecay };
const cosine: Keys = { ...efficient, model: 'resnet50-vd', schedule: 'cosine' };
const smoothing: Keys = { ...cosine, 'label-smoothing': 'on' };
const mixup: Keys = { ...smoothing, mixup: 'on', 'mixup.alpha': '.2' };

/** At the paper's temperature of 20, which is the default. The teacher is the user's to choose. */
const taught: Keys = { distillation: 'on' };

const HE = 'He et al. 2019';
const ZOO = 'Model zoos';
const ARTICLE = "FlyEgle's article";

const row = (source: string, id: string, label: string, what: string, keys: Keys): Preset => ({
  id,
  label,
  source,
  summary: `${what} ${SCALED}`,
  experiment: experimentWith({ ...paper, ...keys }),
});

const SCALED_CMT = 'Scaled to a browser: 2,807 drawn images of 64 px, AdamW, a tenth of the epochs; wants a GPU.';

const cmt: Keys = {
  dataset: 'emoji',
  model: 'cmt-tiny',
  'data.size': '64',
  'data.batch': '32',
  optimizer: 'adamw',
  // It has no gamma that starts at 0.
  'zero-gamma': 'off',
  // As CMT's authors train it.
  'stochastic-depth': 'on',
  dropout: 'on',
  'random-resized-crop': 'on',
  'warmup.epochs': '2',
};

const cmtRow = (id: string, label: string, what: string, keys: Keys): Preset => ({
  id,
  label,
  source: ARTICLE,
  summary: `${what} ${SCALED_CMT}`,
  experiment: experimentWith({ ...cmt, ...keys }),
});

export const publishedPresets: readonly Preset[] = [
  row(HE, 'paper-small-batch', 'Batch 256: baseline', 'The baseline at its own batch, 256, here 32.', {}),
  row(HE, 'paper-small-batch-warmup', 'Batch 256: warmup', 'The baseline and warmup.', warmup),
  row(HE, 'paper-small-batch-zero-gamma', 'Batch 256: zero gamma', 'The same and zero gamma.', zeroGamma),
  row(HE, 'paper-small-batch-no-bias-decay', 'Batch 256: no bias decay', 'The same and no bias decay.', noBiasDecay),
  row(HE, 'paper-small-batch-half', 'Batch 256: FP16', 'The same in low precision.', half),
  row(HE, 'paper-large-batch', 'Batch 1,024: linear scaling', 'Four times the batch at four times the rate.', large),
  row(HE, 'paper-large-batch-warmup', 'Batch 1,024: warmup', 'The large batch and warmup.', { ...large, ...warmup }),
  row(HE, 'paper-large-batch-zero-gamma', 'Batch 1,024: zero gamma', 'The same and zero gamma.', {
    ...large,
    ...zeroGamma,
  }),
  row(
    HE,
    'paper-resnet-a',
    'ResNet-50, large batch',
    'The large batch with warmup, zero gamma and no bias decay.',
    efficient,
  ),
  row(HE, 'paper-large-batch-half', 'Batch 1,024: FP16', 'The same in low precision.', { ...large, ...half }),
  row(HE, 'paper-resnet-b', 'ResNet-50-B', 'The stride on the 3x3.', { ...efficient, model: 'resnet50' }),
  row(HE, 'paper-resnet-c', 'ResNet-50-C', 'Three 3x3 in place of the 7x7.', { ...efficient, model: 'resnet50-c' }),
  row(HE, 'paper-resnet-d', 'ResNet-50-D', 'Shortcuts that average.', { ...efficient, model: 'resnet50-vd' }),
  row(HE, 'paper-cosine', 'D: cosine', 'ResNet-50-D on a cosine.', cosine),
  row(HE, 'paper-smoothing', 'D: label smoothing', 'The same and label smoothing.', smoothing),
  row(HE, 'paper-distillation', 'D: distillation', 'Label smoothing and a teacher of your own, under Loss.', {
    ...smoothing,
    ...taught,
  }),
  row(HE, 'paper-mixup', 'D: mixup', 'The same and mixup.', mixup),
  row(HE, 'paper-mixup-distillation', 'D: mixup, distillation', 'Mixup and a teacher of your own, under Loss.', {
    ...mixup,
    ...taught,
  }),
  row(ZOO, 'zoo-resnet-b', 'v1b', "ResNet-50-B with the paper's tricks.", { ...smoothing, model: 'resnet50' }),
  row(ZOO, 'zoo-resnet-c', 'v1c', "ResNet-50-C with the paper's tricks.", { ...smoothing, model: 'resnet50-c' }),
  cmtRow('article-crop', 'CMT: crop, flip', 'Crop and flip alone.', { 'stop.epochs': '12' }),
  cmtRow('article-rand-augment', 'CMT: jitter, RandAugment', 'Crop, flip, color jitter and RandAugment.', {
    'color-jitter': 'on',
    'rand-augment': 'on',
    'stop.epochs': '12',
  }),
  cmtRow('article-mixup', 'CMT: jitter, mixup', 'Crop, flip, color jitter and mixup, for longer.', {
    'color-jitter': 'on',
    mixup: 'on',
    // As the author's code and CMT's authors have it.
    'mixup.alpha': '.8',
    'stop.epochs': '30',
  }),
  cmtRow('article-cutmix', 'CMT: jitter, CutMix', 'Crop, flip, color jitter and CutMix, for longer.', {
    'color-jitter': 'on',
    cutmix: 'on',
    'stop.epochs': '30',
  }),
  row(ARTICLE, 'article-resnet', 'ResNet-50-vd: mixup', 'Color jitter, mixup, a cosine and label smoothing.', {
    ...mixup,
    'color-jitter': 'on',
  }),
];
