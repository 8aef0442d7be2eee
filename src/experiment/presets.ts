/** Experiments to start from: what each changes of the default. */
import type { Preset } from './preset';
import { publishedPresets } from './published-presets';
import { experimentWith } from './schema';

export const START = 'Starting points';

const plain = {
  'padded-crop': 'on',
  flip: 'on',
  'zero-gamma': 'off',
  'no-bias-decay': 'off',
  warmup: 'off',
};

/** tiny trains on a CPU adapter in minutes; baseline and modern are the two ends of an ablation; cmt-emoji is a small CMT; the others are rows of published tables. */
export const presets: readonly Preset[] = [
  {
    id: 'tiny',
    label: 'Tiny',
    source: START,
    summary: 'A sixteenth of the width for 250 updates: works even without a GPU.',
    experiment: experimentWith({
      'resnet50-vd.width': '.0625',
      'data.batch': '32',
      'padded-crop': 'off',
      flip: 'on',
      'stop.epochs': '1',
      'stop.steps': '250',
      'warmup.epochs': '.01',
    }),
  },
  {
    id: 'baseline',
    label: 'Baseline',
    source: START,
    summary: 'Crop, flip and a step schedule, nothing else: what the tricks are measured against.',
    experiment: experimentWith({ ...plain, schedule: 'step', 'step.every': '2' }),
  },
  {
    id: 'modern',
    label: 'Modern',
    source: START,
    summary: 'Cosine, warmup, zero gamma, no bias decay, label smoothing, mixup and CutMix together.',
    experiment: experimentWith({
      schedule: 'cosine',
      warmup: 'on',
      'zero-gamma': 'on',
      'no-bias-decay': 'on',
      'label-smoothing': 'on',
      mixup: 'on',
      cutmix: 'on',
      'stop.epochs': '15',
    }),
  },
  {
    id: 'cmt-emoji',
    label: 'CMT on emoji',
    source: START,
    summary: 'The small convolution and attention hybrid on colour emoji at 64 pixels.',
    experiment: experimentWith({
      dataset: 'emoji',
      model: 'cmt-tiny',
      'data.size': '64',
      'data.batch': '32',
      // It has no gamma that starts at 0.
      'zero-gamma': 'off',
      // As its authors train it.
      'stochastic-depth': 'on',
      dropout: 'on',
      'sgd.lr': '.05',
      'random-resized-crop': 'on',
      'random-resized-crop.minArea': '.35',
      'color-jitter': 'on',
      'stop.epochs': '30',
      'warmup.epochs': '2',
    }),
  },
  ...publishedPresets,
];
