/**
 * CMT: convolutions and attention in one block. Guo et al. 2022 (arXiv 2107.06263). Arithmetic, initial values and
 * parameter names are those of the authors' code (ggjy/CMT.pytorch, cmt_ti).
 */
import { z } from 'zod';
import type { Layers } from '../../engine/ops';
import { choice, defineModel, int, numbers } from '../define';

interface Stage {
  /** Letter in the parameter names. */
  key: 'a' | 'b' | 'c' | 'd';
  /** Also the growth of its channels over the first stage's, so that all heads are equally wide. */
  heads: number;
  /** Keys and values come from a grid this many times coarser. */
  reduction: number;
}

/** The image is halved five times; below 64 px attention has next to no keys to choose from. */
const LEAST_PIXELS = 64;
const STEM_CHANNELS = 16;
const HEAD_CHANNELS = 1280;
const MLP_RATIO = 3.6;
const LAYER_NORM_EPS = 1e-6;

const stages: readonly Stage[] = [
  { key: 'a', heads: 1, reduction: 8 },
  { key: 'b', heads: 2, reduction: 4 },
  { key: 'c', heads: 4, reduction: 2 },
  { key: 'd', heads: 8, reduction: 1 },
];

const linearInit = { kind: 'truncated-normal', std: 0.02 } as const;

const channelsOf = <T>(nn: Layers<T>, x: T) => nn.shape(x).at(-1) as number;

const grid = <T>(nn: Layers<T>, x: T) => {
  const [batch, height, width, channels] = nn.shape(x) as [number, number, number, number];
  return { batch, height, width, channels };
};

function stem<T>(nn: Layers<T>, image: T, firstStride: number): T {
  let x = image;
  for (const i of [1, 2, 3]) {
    const stride = i === 1 ? firstStride : 1;
    x = nn.conv(x, `stem_conv${i}`, { out: STEM_CHANNELS, kernel: 3, stride, padding: 1, bias: true });
    x = nn.batchNorm(nn.gelu(x), `stem_norm${i}`);
  }
  return x;
}

/** Attention over all pixels of x [b, h, w, c], with keys and values from a grid reduced by a depthwise convolution. */
function attention<T>(nn: Layers<T>, x: T, name: string, { key, heads, reduction }: Stage): T {
  const { batch, height, width, channels } = grid(nn, x);
  let source = x;
  if (reduction > 1) {
    source = nn.conv(x, `${name}.sr.0`, {
      out: channels,
      kernel: reduction,
      stride: reduction,
      groups: channels,
      bias: true,
    });
    source = nn.batchNorm(source, `${name}.sr.1`);
  }
  const few = grid(nn, source);
  const queries = nn.reshape(x, [batch, height * width, channels]);
  const keys = nn.reshape(source, [batch, few.height * few.width, channels]);
  const project = (from: T, which: string) => nn.linear(from, `${name}.${which}`, { out: channels, init: linearInit });
  const mixed = nn.attention(project(queries, 'q'), project(keys, 'k'), project(keys, 'v'), {
    heads,
    scale: (channels / heads) ** -0.5,
    biasName: `relative_pos_${key}`,
  });
  return nn.reshape(project(mixed, 'proj'), [batch, height, width, channels]);
}

/** Inverted residual feed-forward network. */
function feedForward<T>(nn: Layers<T>, x: T, name: string): T {
  const channels = channelsOf(nn, x);
  const hidden = Math.trunc(channels * MLP_RATIO);
  let y = nn.conv(x, `${name}.conv1.0`, { out: hidden, kernel: 1, bias: true });
  y = nn.batchNorm(nn.gelu(y), `${name}.conv1.2`);
  y = nn.add(nn.conv(y, `${name}.proj`, { out: hidden, kernel: 3, padding: 1, groups: hidden, bias: true }), y);
  y = nn.batchNorm(nn.gelu(y), `${name}.proj_bn`);
  y = nn.conv(y, `${name}.conv2.0`, { out: channels, kernel: 1, bias: true });
  return nn.batchNorm(y, `${name}.conv2.1`);
}

function block<T>(nn: Layers<T>, input: T, name: string, stage: Stage, dropPath: number): T {
  const channels = channelsOf(nn, input);
  const local = { out: channels, kernel: 3, padding: 1, groups: channels, bias: true };
  let x = nn.add(nn.conv(input, `${name}.proj`, local), input);
  const attended = attention(nn, nn.layerNorm(x, `${name}.norm1`, { eps: LAYER_NORM_EPS }), `${name}.attn`, stage);
  x = nn.add(x, nn.dropPath(attended, `${name}.attn`, dropPath));
  const fed = feedForward(nn, nn.layerNorm(x, `${name}.norm2`, { eps: LAYER_NORM_EPS }), `${name}.mlp`);
  return nn.add(x, nn.dropPath(fed, `${name}.mlp`, dropPath));
}

/** CMT-Ti. */
export const cmtTiny = defineModel({
  id: 'cmt-tiny',
  label: 'CMT-tiny',
  summary:
    'Convolutions and attention together: each block is a depthwise convolution, attention and a feed-forward net.',
  paper: {
    title: 'CMT: convolutional neural networks meet vision transformers (Guo et al. 2022)',
    url: 'https://arxiv.org/abs/2107.06263',
  },
  options: z.object({
    depths: numbers(
      [2, 2, 10, 2],
      { length: 4, min: 1, max: 36 },
      { label: 'Blocks per stage', help: '2, 2, 10, 2 is CMT-tiny; 1, 1, 1, 1 is the smallest.' },
    ),
    channels: int(
      46,
      { min: 4, max: 128, step: 2 },
      { label: 'Channels', help: 'Of the first stage; each later stage has twice as many. 46 is CMT-tiny.' },
    ),
    stemStride: choice('2', ['2', '1'], {
      label: 'Stem stride',
      help: '1 keeps the image size, for images below 64 px.',
    }),
  }),
  batchNorm: true,
  // Its authors start every gamma at 1.
  zeroGamma: false,
  warn: (_options, { size, model }) =>
    size < LEAST_PIXELS
      ? [`At ${size} px the attention of ${model.label} has too few keys to attend to: use ${LEAST_PIXELS} px or more.`]
      : [],
  timm: () => ({
    impossible:
      "timm has no CMT. Put the authors' cmt.py (github.com/ggjy/CMT.pytorch) beside train.py and add --device-modules cmt --model cmt_ti.",
  }),
  forward: (nn, image, { depths, channels, stemStride }, { classes, size, dropPath, dropout }) => {
    const stride = Number(stemStride);
    const multiple = 16 * stride;
    if (size % multiple !== 0) {
      throw new Error(
        `CMT-tiny with a stem stride of ${stride} needs an image side that is a multiple of ${multiple} pixels, not ${size}.`,
      );
    }
    let x = stem(nn, image, stride);
    const allBlocks = depths.reduce((sum, depth) => sum + depth, 0);
    let done = 0;
    for (const [number, stage] of stages.entries()) {
      const name = `patch_embed_${stage.key}`;
      x = nn.conv(x, `${name}.proj`, { out: channels * stage.heads, kernel: 2, stride: 2, bias: true });
      x = nn.layerNorm(x, `${name}.norm`, { eps: 1e-5 });
      for (let i = 0; i < (depths[number] as number); i++) {
        x = block(nn, x, `blocks_${stage.key}.${i}`, stage, (dropPath * done++) / (allBlocks - 1));
      }
    }
    x = nn.conv(x, '_fc', { out: HEAD_CHANNELS, kernel: 1, bias: true });
    x = nn.swish(nn.batchNorm(x, '_bn'));
    const features = nn.dropout(nn.globalAvgPool(x), '_drop', dropout);
    return nn.linear(features, 'head', { out: classes, init: linearInit });
  },
});
