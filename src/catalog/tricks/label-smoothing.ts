import { z } from 'zod';
import { choice, defineTrick, num } from '../define';

/** The share of the smoothing that is left at a progress in [0, 1]. A run from before there was a choice is constant. */
function remaining(decay: 'constant' | 'linear' | 'cosine', progress: number): number {
  if (decay === 'linear') return 1 - progress;
  if (decay === 'cosine') return 0.5 * (1 + Math.cos(Math.PI * progress));
  return 1;
}

/** Of the paper is the constant share. One that falls to 0 asks for certainty in the end, when it no longer misleads. */
export const labelSmoothing = defineTrick({
  id: 'label-smoothing',
  label: 'Label smoothing',
  summary: 'Asks for a little less than certainty: takes a share of the target and spreads it over all classes.',
  paper: {
    title: 'Rethinking the Inception architecture for computer vision (Szegedy et al. 2016)',
    url: 'https://arxiv.org/abs/1512.00567',
  },
  stage: 'loss',
  on: false,
  options: z.object({
    epsilon: num(
      0.1,
      { min: 0, max: 0.9, step: 0.01 },
      { label: 'Share', help: 'Target of the true class 1 - e + e/K, of the others e/K. Lowers all probabilities.' },
    ),
    decay: choice('constant', ['constant', 'linear', 'cosine'], {
      label: 'Over the run',
      help: 'constant: the share stays. linear, cosine: it falls to 0 by the end, along a line or half a cosine.',
    }),
  }),
  leading: 'epsilon',
  warn: (_options, { loss }) =>
    // Mueller et al. 2019 "When does label smoothing help?" (arXiv 1906.02629), section 4.
    loss.distillation
      ? [
          "A teacher's answers are soft already, and one trained with smoothing teaches worse: measure with and without.",
        ]
      : [],
  timm: ({ epsilon, decay }) =>
    decay === 'constant'
      ? { args: ['--smoothing', String(epsilon)] }
      : { impossible: "train.py's smoothing is the same from the first epoch to the last." },
  loss: ({ epsilon, decay }) => ({ smoothing: ({ progress }) => epsilon * remaining(decay, progress) }),
});
