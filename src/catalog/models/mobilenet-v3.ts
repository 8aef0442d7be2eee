/**
 * MobileNetV3-small: inverted residuals with depthwise convolutions, squeeze-and-excitation and hard-swish. Howard et al. 2019
 * (arXiv 1905.02244), table 2. Arithmetic, initial values and parameter names are timm's (mobilenetv3_small_100).
 */
import { z } from 'zod';
import type { Layers } from '../../engine/ops';
import { choice, defineModel, num, type TimmExport } from '../define';

type Activation = 'relu' | 'hardSwish';

/** Blocks of one row of table 2; all of a row share everything but the stride, which is the first's. */
interface Row {
  blocks: number;
  kernel: 3 | 5;
  stride: 1 | 2;
  /** Channels inside a block, as a multiple of those that enter it. */
  expansion: number;
  channels: number;
  squeezed: boolean;
  activation: Activation;
}

const STEM_CHANNELS = 16;
const FIRST_CHANNELS = 16;
/** Between the pooled features and the classifier; not scaled by the width. */
const HEAD_CHANNELS = 1024;
/** Of the channels that squeeze-and-excitation weighs. */
const SQUEEZE = 0.25;

/** timm's stages 1 to 4: their rows may differ within a stage. */
const stages: readonly (readonly Row[])[] = [
  [
    { blocks: 1, kernel: 3, stride: 2, expansion: 4.5, channels: 24, squeezed: false, activation: 'relu' },
    { blocks: 1, kernel: 3, stride: 1, expansion: 3.67, channels: 24, squeezed: false, activation: 'relu' },
  ],
  [
    { blocks: 1, kernel: 5, stride: 2, expansion: 4, channels: 40, squeezed: true, activation: 'hardSwish' },
    { blocks: 2, kernel: 5, stride: 1, expansion: 6, channels: 40, squeezed: true, activation: 'hardSwish' },
  ],
  [{ blocks: 2, kernel: 5, stride: 1, expansion: 3, channels: 48, squeezed: true, activation: 'hardSwish' }],
  [{ blocks: 3, kernel: 5, stride: 2, expansion: 6, channels: 96, squeezed: true, activation: 'hardSwish' }],
];
const LAST_CHANNELS = 576;

/** timm counts its first and its last block too, though neither can be skipped. */
const ALL_BLOCKS = 2 + stages.flat().reduce((sum, { blocks }) => sum + blocks, 0);

/** The nearest multiple of 8, at least 8, and never a tenth below: the TensorFlow authors' rule for channels. */
function divisible(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}

const channelsOf = <T>(nn: Layers<T>, x: T) => nn.shape(x).at(-1) as number;

/** The mean of each channel as an image of one pixel. */
function pooled<T>(nn: Layers<T>, x: T): T {
  const [batch, , , channels] = nn.shape(x) as [number, number, number, number];
  return nn.reshape(nn.globalAvgPool(x), [batch, 1, 1, channels]);
}

/** Weighs the channels of x by a small network's reading of their means (Hu et al. 2018). */
function squeezeExcite<T>(nn: Layers<T>, x: T, name: string): T {
  const channels = channelsOf(nn, x);
  const few = { out: divisible(channels * SQUEEZE), kernel: 1, bias: true };
  const squeezed = nn.relu(nn.conv(pooled(nn, x), `${name}.conv_reduce`, few)); // [batch, 1, 1, few]
  const excited = nn.conv(squeezed, `${name}.conv_expand`, { out: channels, kernel: 1, bias: true });
  return nn.multiply(x, nn.hardSigmoid(excited));
}

/** Batch norm and activation. */
function normed<T>(nn: Layers<T>, x: T, name: string, activation: Activation): T {
  return activation === 'relu' ? nn.batchNorm(x, name, { relu: true }) : nn.hardSwish(nn.batchNorm(x, name));
}

/** One filter per channel. He's rule with the fan-out of a group, as TensorFlow counts it. */
function depthwise<T>(nn: Layers<T>, x: T, name: string, kernel: number, stride: number): T {
  const out = channelsOf(nn, x);
  const init = { kind: 'normal', std: Math.SQRT2 / kernel } as const;
  return nn.conv(x, name, { out, kernel, stride, padding: (kernel - 1) / 2, groups: out, init });
}

/** The block without expansion that follows the stem. */
function separable<T>(nn: Layers<T>, x: T, name: string, out: number): T {
  let y = depthwise(nn, x, `${name}.conv_dw`, 3, 2);
  y = squeezeExcite(nn, normed(nn, y, `${name}.bn1`, 'relu'), `${name}.se`);
  return nn.batchNorm(nn.conv(y, `${name}.conv_pw`, { out, kernel: 1 }), `${name}.bn2`);
}

interface BlockPlan extends Omit<Row, 'blocks'> {
  zeroGamma: boolean;
  /** Share of images that skip the block. */
  dropPath: number;
}

function invertedResidual<T>(nn: Layers<T>, x: T, name: string, plan: BlockPlan): T {
  const { kernel, stride, expansion, channels: out, squeezed, activation, zeroGamma, dropPath } = plan;
  const channels = channelsOf(nn, x);
  let y = nn.conv(x, `${name}.conv_pw`, { out: divisible(channels * expansion), kernel: 1 });
  y = normed(nn, y, `${name}.bn1`, activation);
  y = normed(nn, depthwise(nn, y, `${name}.conv_dw`, kernel, stride), `${name}.bn2`, activation);
  if (squeezed) y = squeezeExcite(nn, y, `${name}.se`);
  y = nn.conv(y, `${name}.conv_pwl`, { out, kernel: 1 });
  if (stride !== 1 || channels !== out) return nn.batchNorm(y, `${name}.bn3`);
  const gamma = zeroGamma ? 0 : 1;
  if (dropPath === 0) return nn.batchNorm(y, `${name}.bn3`, { gamma }, x);
  return nn.add(nn.dropPath(nn.batchNorm(y, `${name}.bn3`, { gamma }), name, dropPath), x);
}

const options = z.object({
  width: num(
    1,
    { min: 0.25, max: 2, step: 0.05 },
    { label: 'Width', help: 'Factor on the channel counts, which are rounded to multiples of 8.' },
  ),
  stem: choice('imagenet', ['imagenet', 'small'], {
    label: 'Stem',
    help: 'imagenet halves the side at once; small keeps it, for images below 64 px.',
  }),
});

function timm({ width, stem }: z.output<typeof options>): TimmExport {
  if (stem === 'small') return { impossible: "timm's MobileNetV3 has no stem with a stride of 1." };
  const known = new Map([
    [1, 'mobilenetv3_small_100'],
    [0.75, 'mobilenetv3_small_075'],
    [0.5, 'mobilenetv3_small_050'],
  ]).get(width);
  if (!known) return { impossible: 'timm has MobileNetV3-small at the widths .5, .75 and 1 alone.' };
  return { args: ['--model', known] };
}

/** timm's mobilenetv3_small_100, and its _075 and _050 at those widths. */
export const mobileNetV3Small = defineModel({
  id: 'mobilenetv3-small',
  label: 'MobileNetV3-small',
  summary: 'A network for phones: cheap depthwise convolutions, channels weighed by what is in the image, hard-swish.',
  paper: { title: 'Searching for MobileNetV3 (Howard et al. 2019)', url: 'https://arxiv.org/abs/1905.02244' },
  options,
  batchNorm: true,
  zeroGamma: true,
  timm,
  forward: (nn, image, { width, stem }, { classes, zeroGamma, dropPath, dropout }) => {
    const scaled = (channels: number) => divisible(channels * width);
    // Narrow networks keep their stem.
    const stemChannels = width < 0.75 ? STEM_CHANNELS : scaled(STEM_CHANNELS);
    const stride = stem === 'small' ? 1 : 2;
    let x = nn.conv(image, 'conv_stem', { out: stemChannels, kernel: 3, stride, padding: 1 });
    x = normed(nn, x, 'bn1', 'hardSwish');
    x = separable(nn, x, 'blocks.0.0', scaled(FIRST_CHANNELS));
    let before = 1;
    stages.forEach((rows, stage) => {
      let inStage = 0;
      for (const { blocks, ...row } of rows) {
        for (let i = 0; i < blocks; i++) {
          x = invertedResidual(nn, x, `blocks.${stage + 1}.${inStage++}`, {
            ...row,
            stride: i === 0 ? row.stride : 1,
            channels: scaled(row.channels),
            zeroGamma,
            dropPath: (dropPath * before++) / ALL_BLOCKS,
          });
        }
      }
    });
    const last = `blocks.${stages.length + 1}.0`;
    x = nn.conv(x, `${last}.conv`, { out: scaled(LAST_CHANNELS), kernel: 1 });
    x = normed(nn, x, `${last}.bn1`, 'hardSwish');
    // The efficient head: pooled first, so that its 1x1 convolution sees one pixel.
    x = nn.hardSwish(nn.conv(pooled(nn, x), 'conv_head', { out: HEAD_CHANNELS, kernel: 1, bias: true }));
    const features = nn.reshape(x, [nn.shape(x)[0] as number, HEAD_CHANNELS]);
    const init = { kind: 'uniform', bound: classes ** -0.5 } as const;
    return nn.linear(nn.dropout(features, 'classifier', dropout), 'classifier', { out: classes, init });
  },
});
