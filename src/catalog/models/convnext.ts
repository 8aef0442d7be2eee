/**
 * ConvNeXt-atto: a ResNet with the habits of a transformer. Liu et al. 2022 (arXiv 2201.03545); the size is timm's own.
 * Arithmetic, initial values and parameter names are timm's (convnext_atto).
 */
import { z } from 'zod';
import type { Init } from '../../core/parameter';
import type { Layers } from '../../engine/ops';
import { choice, defineModel, num, numbers, type TimmExport } from '../define';

const FIRST_CHANNELS = 40;
const MLP_RATIO = 4;
const LAYER_NORM = { eps: 1e-6 };
const LAYER_SCALE: Init = { kind: 'constant', value: 1e-6 };
const WEIGHTS: Init = { kind: 'truncated-normal', std: 0.02 };

const options = z.object({
  depths: numbers(
    [2, 2, 6, 2],
    { length: 4, min: 1, max: 36 },
    { label: 'Blocks per stage', help: '2, 2, 6, 2 is ConvNeXt-atto; 1, 1, 1, 1 is the smallest.' },
  ),
  width: num(
    1,
    { min: 0.1, max: 2.4, step: 0.1 },
    {
      label: 'Width',
      help: 'Factor on the 40 channels of the first stage, rounded to a multiple of 4; each later stage has twice as many.',
    },
  ),
  patch: choice('4', ['4', '2', '1'], {
    label: 'Patch',
    help: 'Side of the squares of pixels that the stem reads as one. 2 or 1 is for images below 64 px.',
  }),
});

type Options = z.output<typeof options>;

/** Channels of the four stages, multiples of 4: kernels read four channels at a time. */
function channelsOfStages(width: number): number[] {
  const first = Math.max(4, Math.round((FIRST_CHANNELS * width) / 4) * 4);
  return [1, 2, 4, 8].map((factor) => first * factor);
}

/** Squares of pixels side by side, each read as one: a convolution as wide as its stride. */
const patches = (out: number, side: number) => ({ out, kernel: side, stride: side, bias: true, init: WEIGHTS });

function block<T>(nn: Layers<T>, x: T, name: string, dropPath: number): T {
  const channels = nn.shape(x).at(-1) as number;
  const pointwise = (out: number) => ({ out, kernel: 1, bias: true, init: WEIGHTS });
  const wide = { out: channels, kernel: 7, padding: 3, groups: channels, bias: true, init: WEIGHTS };
  let y = nn.layerNorm(nn.conv(x, `${name}.conv_dw`, wide), `${name}.norm`, LAYER_NORM);
  y = nn.gelu(nn.conv(y, `${name}.mlp.fc1`, pointwise(MLP_RATIO * channels)));
  y = nn.conv(y, `${name}.mlp.fc2`, pointwise(channels));
  // Layer scale: every block starts as next to nothing (Touvron et al. 2021).
  y = nn.multiply(y, nn.parameter(`${name}.gamma`, [channels], LAYER_SCALE));
  return nn.add(nn.dropPath(y, name, dropPath), x);
}

function timm({ depths, width, patch }: Options): TimmExport {
  if (patch === '2') return { impossible: 'timm halves the image once more after patches of 2 pixels.' };
  const kwargs = [
    ...(depths.join() === '2,2,6,2' ? [] : [`depths=(${depths.join(',')})`]),
    ...(width === 1 ? [] : [`dims=(${channelsOfStages(width).join(',')})`]),
    ...(patch === '4' ? [] : [`patch_size=${patch}`]),
  ];
  return { args: ['--model', 'convnext_atto', ...(kwargs.length ? ['--model-kwargs', ...kwargs] : [])] };
}

/** timm's convnext_atto. It has no batch norm, so the zero-gamma trick has no part in it: layer scale does its work. */
export const convNextAtto = defineModel({
  id: 'convnext-atto',
  label: 'ConvNeXt-atto',
  summary:
    'A convolutional network with the habits of a transformer: patches, 7x7 depthwise convolutions, layer norm, few activations.',
  paper: { title: 'A ConvNet for the 2020s (Liu et al. 2022)', url: 'https://arxiv.org/abs/2201.03545' },
  options,
  batchNorm: false,
  zeroGamma: false,
  timm,
  forward: (nn, image, { depths, width, patch }, { classes, size, dropPath, dropout }) => {
    const side = Number(patch);
    if (size < 8 * side) {
      throw new Error(
        `ConvNeXt-atto with patches of ${side} needs images of ${8 * side} pixels or more, not ${size}: choose larger images or smaller patches.`,
      );
    }
    const channels = channelsOfStages(width);
    let x = nn.conv(image, 'stem.0', patches(channels[0] as number, side));
    x = nn.layerNorm(x, 'stem.1', LAYER_NORM);
    const allBlocks = depths.reduce((sum, depth) => sum + depth, 0);
    let done = 0;
    channels.forEach((out, stage) => {
      const name = `stages.${stage}`;
      if (stage > 0) {
        x = nn.layerNorm(x, `${name}.downsample.0`, LAYER_NORM);
        x = nn.conv(x, `${name}.downsample.1`, patches(out, 2));
      }
      for (let i = 0; i < (depths[stage] as number); i++) {
        x = block(nn, x, `${name}.blocks.${i}`, (dropPath * done++) / (allBlocks - 1));
      }
    });
    const features = nn.layerNorm(nn.globalAvgPool(x), 'head.norm', LAYER_NORM);
    return nn.linear(nn.dropout(features, 'head.fc', dropout), 'head.fc', { out: classes, init: WEIGHTS });
  },
});
