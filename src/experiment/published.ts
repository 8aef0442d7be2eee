/** Published accuracies, with their sources: what to hold one's own runs against, and what not to. */
import type { Paper } from '../catalog/define';

export interface PublishedRow {
  label: string;
  /** Per cent, as published. */
  top1: number;
  top5?: number;
  /** What else the source says of the row. */
  note?: string;
  /** Id of the preset that is this row in small. */
  preset: string;
}

export interface PublishedTable {
  id: string;
  title: string;
  source: Paper;
  /** On what, and how, the numbers were measured. */
  setting: string;
  /** What can be compared with what, and what can't, a sentence each. */
  comparable: readonly string[];
  /** The first is the baseline that gains are counted from. */
  rows: readonly PublishedRow[];
}

const HE: Paper = {
  title: 'Bag of tricks for image classification with convolutional neural networks (He et al. 2019)',
  url: 'https://arxiv.org/abs/1812.01187',
};

const SHORT_RUNS =
  'Your runs are short runs of small images: compare the order of the rows and the signs of the gains, not the accuracies.';
const BATCHES = 'The presets have an eighth of the batch (32 and 128 for 256 and 1,024) and the same rate an image.';

export const publishedTables: readonly PublishedTable[] = [
  {
    id: 'batch-256',
    title: 'Efficient training, batch 256',
    source: HE,
    setting: 'ResNet-50 on ImageNet, 120 epochs, steps at 30, 60 and 90.',
    comparable: [
      'Every row adds to the one before.',
      BATCHES,
      'The first row is also the baseline in FP32: 13.3 minutes an epoch.',
      SHORT_RUNS,
    ],
    rows: [
      { label: 'linear scaling', top1: 75.87, top5: 92.7, preset: 'paper-small-batch' },
      { label: '+ warmup', top1: 76.03, preset: 'paper-small-batch-warmup' },
      { label: '+ zero gamma', top1: 76.19, preset: 'paper-small-batch-zero-gamma' },
      { label: '+ no bias decay', top1: 76.16, preset: 'paper-small-batch-no-bias-decay' },
      { label: '+ FP16', top1: 76.15, preset: 'paper-small-batch-half' },
    ],
  },
  {
    id: 'batch-1024',
    title: 'Efficient training, batch 1,024',
    source: HE,
    setting: 'ResNet-50 on ImageNet, 120 epochs, steps at 30, 60 and 90, four times the rate.',
    comparable: [
      'Every row adds to the one before.',
      BATCHES,
      'With FP16 an epoch takes 4.4 minutes in place of 13.3. Low precision wants an adapter with shader-f16.',
      SHORT_RUNS,
    ],
    rows: [
      { label: 'linear scaling', top1: 75.17, preset: 'paper-large-batch' },
      { label: '+ warmup', top1: 75.93, preset: 'paper-large-batch-warmup' },
      { label: '+ zero gamma', top1: 76.37, preset: 'paper-large-batch-zero-gamma' },
      { label: '+ no bias decay', top1: 76.03, preset: 'paper-resnet-a' },
      { label: '+ FP16', top1: 76.21, top5: 92.97, preset: 'paper-large-batch-half' },
    ],
  },
  {
    id: 'tweaks',
    title: 'Model tweaks',
    source: HE,
    setting: 'ImageNet, batch 1,024 with all of the above, FP16.',
    comparable: [
      'The rows differ in the model alone.',
      'The presets have no FP16, a batch of 128, one block a stage and an eighth of the width.',
      SHORT_RUNS,
    ],
    rows: [
      { label: 'ResNet-50', top1: 76.21, preset: 'paper-resnet-a' },
      { label: 'ResNet-50-B', top1: 76.66, note: '4.1 GFLOP', preset: 'paper-resnet-b' },
      { label: 'ResNet-50-C', top1: 76.87, note: '4.3 GFLOP', preset: 'paper-resnet-c' },
      { label: 'ResNet-50-D', top1: 77.16, note: '4.3 GFLOP', preset: 'paper-resnet-d' },
    ],
  },
  {
    id: 'refinements',
    title: 'Training refinements',
    source: HE,
    setting: 'ResNet-50-D on ImageNet; the rows with mixup trained for 200 epochs, the others for 120.',
    comparable: [
      'The rows with mixup differ in epochs too; the presets do not: all run for 12.',
      "The paper's teacher is a ResNet-152-D; yours is a kept run, chosen under Loss after the row is loaded, and any counts.",
      SHORT_RUNS,
    ],
    rows: [
      { label: 'ResNet-50-D', top1: 77.16, preset: 'paper-resnet-d' },
      { label: '+ cosine', top1: 77.91, preset: 'paper-cosine' },
      { label: '+ label smoothing', top1: 78.31, preset: 'paper-smoothing' },
      { label: '+ distillation, without mixup', top1: 78.67, preset: 'paper-distillation' },
      { label: '+ mixup, without distillation', top1: 79.15, preset: 'paper-mixup' },
      { label: '+ mixup and distillation', top1: 79.29, preset: 'paper-mixup-distillation' },
    ],
  },
  {
    id: 'gluon',
    title: 'GluonCV model zoo',
    source: { title: 'GluonCV model zoo, classification', url: 'https://cv.gluon.ai/model_zoo/classification.html' },
    setting: 'ResNet-50 on ImageNet: v1b, v1c and v1d are B, C and D.',
    comparable: [
      "The zoo's scripts differ from the paper in details, so v1d is not its ResNet-50-D with label smoothing to the last digit.",
      SHORT_RUNS,
    ],
    rows: [
      { label: 'v1b', top1: 77.67, preset: 'zoo-resnet-b' },
      { label: 'v1c', top1: 78.03, preset: 'zoo-resnet-c' },
      { label: 'v1d', top1: 78.48, preset: 'paper-smoothing' },
      { label: 'v1d with mixup', top1: 79.15, preset: 'paper-mixup' },
    ],
  },
  {
    id: 'paddle',
    title: 'PaddleClas',
    source: { title: 'PaddleClas model zoo', url: 'https://github.com/PaddlePaddle/PaddleClas' },
    setting: 'ResNet50_vd on ImageNet.',
    comparable: ['One row has no gain: it shows what others reach with the same model.', SHORT_RUNS],
    rows: [{ label: 'ResNet50_vd', top1: 79.1, preset: 'paper-mixup' }],
  },
  {
    id: 'article-cmt',
    title: 'CMT-tiny on a fifth of ImageNet',
    source: { title: 'Article and CMT-pytorch (FlyEgle)', url: 'https://github.com/FlyEgle/CMT-pytorch' },
    setting: '20 % of the training images, the whole validation.',
    comparable: [
      'Not row by row: the mixing rows run for 300 epochs in place of 120 and drop RandAugment, so their gain is that of three changes.',
      'The presets keep that: 30 epochs in place of 12, without RandAugment.',
      'They train on emoji: drawings, ten classes, 64 px. RandAugment was chosen for photos.',
      "Crop area from 8 % and mixup's alpha of .8 are the author's. Weight decay is .05 as CMT's authors have it, the author's .1; there is no label smoothing, the author's script has .1 where nothing else is said.",
    ],
    rows: [
      { label: 'crop, flip', top1: 55.076, note: '120 epochs', preset: 'article-crop' },
      { label: 'crop, flip, jitter, RandAugment', top1: 59.714, note: '120 epochs', preset: 'article-rand-augment' },
      { label: 'crop, flip, jitter, mixup', top1: 60.532, note: '300 epochs', preset: 'article-mixup' },
      { label: 'crop, flip, jitter, CutMix', top1: 61.192, note: '300 epochs', preset: 'article-cutmix' },
    ],
  },
  {
    id: 'article-resnet',
    title: 'ResNet-50-vd, all together',
    source: { title: 'Article and ResNet50vd-pytorch (FlyEgle)', url: 'https://github.com/FlyEgle/ResNet50vd-pytorch' },
    setting: 'ImageNet, 300 epochs, augmentation, mixup, a cosine and label smoothing.',
    comparable: [
      'One row has no gain.',
      'The preset runs for 12 epochs where the row has 300: a twenty-fifth, while the rows of He et al. keep a tenth.',
      "On the author's own data RandAugment and mixup gave nothing and CutMix little: tricks do not transfer by themselves.",
      SHORT_RUNS,
    ],
    rows: [{ label: 'ResNet-50-vd', top1: 78.25, note: '300 epochs', preset: 'article-resnet' }],
  },
];
