/**
 * ResNet-50 and its tweaks. He et al. 2016 "Deep residual learning" (arXiv 1512.03385); He et al. 2019 "Bag of tricks"
 * (arXiv 1812.01187), section 4. Parameter names are timm's (resnet50, resnet50c, resnet50d).
 */
import { z } from 'zod';
import type { Layers } from '../../engine/ops';
import { choice, defineModel, type ModelContext, num, numbers, type Paper, type TimmExport } from '../define';

interface Variant {
  /** Three 3x3 in place of one 7x7 (ResNet-C). */
  deepStem: boolean;
  /** Which convolution of a block halves the image: the first 1x1 (the paper of 2016) or the 3x3 (ResNet-B). */
  strideOn: 'first' | 'middle';
  /** Shortcuts average before their 1x1 in place of skipping three pixels of four (ResNet-D). */
  pooledShortcut: boolean;
}

const EXPANSION = 4;
const STAGE_STRIDES = [1, 2, 2, 2];

const options = z.object({
  depths: numbers(
    [3, 4, 6, 3],
    { length: 4, min: 1, max: 36 },
    { label: 'Blocks per stage', help: '3, 4, 6, 3 is ResNet-50; 1, 1, 1, 1 is the smallest.' },
  ),
  width: num(
    1,
    { min: 0.0625, max: 2, step: 0.0625 },
    { label: 'Width', help: 'Factor on all channel counts, which are rounded to multiples of 4.' },
  ),
  stem: choice('imagenet', ['imagenet', 'small'], {
    label: 'Stem',
    help: 'imagenet divides the side by 4 at once; small (one 3x3, no pooling) keeps it, for images below 64 px.',
  }),
});

type Options = z.output<typeof options>;

/** A channel count times the width, a multiple of 4 and at least 4: kernels read four channels at a time. */
const scaled = (channels: number, width: number) => Math.max(4, Math.round((channels * width) / 4) * 4);

function stem<T>(nn: Layers<T>, x: T, variant: Variant, { stem, width }: Options): T {
  if (stem === 'small') {
    const y = nn.conv(x, 'conv1', { out: scaled(64, width), kernel: 3, padding: 1 });
    return nn.batchNorm(y, 'bn1', { relu: true });
  }
  let y: T;
  if (variant.deepStem) {
    const half = scaled(32, width);
    y = nn.conv(x, 'conv1.0', { out: half, kernel: 3, stride: 2, padding: 1 });
    y = nn.batchNorm(y, 'conv1.1', { relu: true });
    y = nn.conv(y, 'conv1.3', { out: half, kernel: 3, padding: 1 });
    y = nn.batchNorm(y, 'conv1.4', { relu: true });
    y = nn.conv(y, 'conv1.6', { out: 2 * half, kernel: 3, padding: 1 });
  } else {
    y = nn.conv(x, 'conv1', { out: scaled(64, width), kernel: 7, stride: 2, padding: 3 });
  }
  return nn.maxPool(nn.batchNorm(y, 'bn1', { relu: true }), { kernel: 3, stride: 2, padding: 1 });
}

function shortcut<T>(nn: Layers<T>, x: T, name: string, out: number, stride: number, variant: Variant): T {
  if (!variant.pooledShortcut) {
    return nn.batchNorm(nn.conv(x, `${name}.0`, { out, kernel: 1, stride }), `${name}.1`);
  }
  const pooled = stride === 1 ? x : nn.avgPool(x, { kernel: 2, stride, ceil: true });
  return nn.batchNorm(nn.conv(pooled, `${name}.1`, { out, kernel: 1 }), `${name}.2`);
}

interface BlockPlan {
  planes: number;
  stride: number;
  variant: Variant;
  zeroGamma: boolean;
  /** Share of images that skip the block. */
  dropPath: number;
}

function bottleneck<T>(
  nn: Layers<T>,
  x: T,
  name: string,
  { planes, stride, variant, zeroGamma, dropPath }: BlockPlan,
): T {
  const out = planes * EXPANSION;
  const [first, middle] = variant.strideOn === 'first' ? [stride, 1] : [1, stride];
  let y = nn.conv(x, `${name}.conv1`, { out: planes, kernel: 1, stride: first });
  y = nn.batchNorm(y, `${name}.bn1`, { relu: true });
  y = nn.conv(y, `${name}.conv2`, { out: planes, kernel: 3, stride: middle, padding: 1 });
  y = nn.batchNorm(y, `${name}.bn2`, { relu: true });
  y = nn.conv(y, `${name}.conv3`, { out, kernel: 1 });
  const changed = stride !== 1 || nn.shape(x).at(-1) !== out;
  const residual = changed ? shortcut(nn, x, `${name}.downsample`, out, stride, variant) : x;
  const gamma = zeroGamma ? 0 : 1;
  if (dropPath === 0) return nn.batchNorm(y, `${name}.bn3`, { relu: true, gamma }, residual);
  return nn.relu(nn.add(nn.dropPath(nn.batchNorm(y, `${name}.bn3`, { gamma }), name, dropPath), residual));
}

function forward<T>(nn: Layers<T>, image: T, variant: Variant, chosen: Options, context: ModelContext): T {
  let x = stem(nn, image, variant, chosen);
  const { zeroGamma, dropPath: lastDropPath, dropout, classes } = context;
  const allBlocks = chosen.depths.reduce((sum, depth) => sum + depth, 0);
  let done = 0;
  STAGE_STRIDES.forEach((stageStride, stage) => {
    const planes = scaled(64 * 2 ** stage, chosen.width);
    for (let block = 0; block < (chosen.depths[stage] as number); block++) {
      const stride = block === 0 ? stageStride : 1;
      const dropPath = (lastDropPath * done++) / (allBlocks - 1);
      x = bottleneck(nn, x, `layer${stage + 1}.${block}`, { planes, stride, variant, zeroGamma, dropPath });
    }
  });
  return nn.linear(nn.dropout(nn.globalAvgPool(x), 'fc', dropout), 'fc', { out: classes });
}

function timm(model: string, variant: Variant, { depths, width, stem }: Options): TimmExport {
  if (variant.strideOn === 'first')
    return { impossible: 'timm has no ResNet with the stride on the first 1x1 (ResNet-A).' };
  if (stem === 'small') return { impossible: "timm's ResNets have no 3x3 stride-1 stem without pooling." };
  if (width !== 1 && !variant.deepStem)
    return { impossible: "timm cannot scale the width of the 7x7 stem's 64 channels." };
  const kwargs = [
    ...(depths.join() === '3,4,6,3' ? [] : [`layers=(${depths.join(',')})`]),
    ...(width === 1
      ? []
      : [
          `channels=(${[64, 128, 256, 512].map((c) => scaled(c, width)).join(',')})`,
          `stem_width=${scaled(32, width)}`,
        ]),
  ];
  return { args: ['--model', model, ...(kwargs.length ? ['--model-kwargs', ...kwargs] : [])] };
}

const deepResidual: Paper = {
  title: 'Deep residual learning for image recognition (He et al. 2016)',
  url: 'https://arxiv.org/abs/1512.03385',
};
const bagOfTricks: Paper = {
  title: 'Bag of tricks for image classification with convolutional neural networks (He et al. 2019)',
  url: 'https://arxiv.org/abs/1812.01187',
};

const resnet = (
  words: { id: string; label: string; summary: string; paper: Paper },
  timmName: string,
  variant: Variant,
) =>
  defineModel({
    ...words,
    options,
    batchNorm: true,
    zeroGamma: true,
    timm: (chosen) => timm(timmName, variant, chosen),
    forward: (nn, x, chosen, context) => forward(nn, x, variant, chosen, context),
  });

/** ResNet-50, the stride on the 3x3 (ResNet-B): torchvision's and timm's resnet50. */
export const resnet50 = resnet(
  {
    id: 'resnet50',
    label: 'ResNet-50',
    summary: 'Fifty layers of bottleneck blocks with shortcuts; the stride is on the 3x3.',
    paper: deepResidual,
  },
  'resnet50',
  { deepStem: false, strideOn: 'middle', pooledShortcut: false },
);

/** The network of 2016: the stride on the first 1x1, which so never sees three pixels of four. */
export const resnet50A = resnet(
  {
    id: 'resnet50-a',
    label: 'ResNet-50-A',
    summary: 'The original: the stride is on the first 1x1 of a block, which skips three pixels of four.',
    paper: deepResidual,
  },
  'resnet50',
  { deepStem: false, strideOn: 'first', pooledShortcut: false },
);

/** timm's resnet50c. */
export const resnet50C = resnet(
  {
    id: 'resnet50-c',
    label: 'ResNet-50-C',
    summary: 'ResNet-50 whose 7x7 stem is three 3x3 convolutions.',
    paper: bagOfTricks,
  },
  'resnet50c',
  { deepStem: true, strideOn: 'middle', pooledShortcut: false },
);

/** timm's resnet50d, gluon's resnet50_v1d, PaddleClas' ResNet50_vd. */
export const resnet50Vd = resnet(
  {
    id: 'resnet50-vd',
    label: 'ResNet-50-vd',
    summary: 'ResNet-50-C whose shortcuts average 2x2 before their 1x1, so that no pixel is skipped.',
    paper: bagOfTricks,
  },
  'resnet50d',
  { deepStem: true, strideOn: 'middle', pooledShortcut: true },
);
