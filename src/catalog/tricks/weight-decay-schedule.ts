import { z } from 'zod';
import { defineTrick, num } from '../define';

/**
 * DINO's cosine schedule of the weight decay (section "Implementation details": from .04 to .4): at progress p it is
 * end + (1 - end) / 2 (1 + cos(pi p)) times what the optimizer says.
 */
export const weightDecaySchedule = defineTrick({
  id: 'weight-decay-schedule',
  label: 'Weight decay schedule',
  summary: 'Moves the weight decay along half a cosine: light while the network finds its features, heavy in the end.',
  paper: {
    title: 'Emerging properties in self-supervised vision transformers (Caron et al. 2021)',
    url: 'https://arxiv.org/abs/2104.14294',
  },
  stage: 'optimizer',
  on: false,
  options: z.object({
    end: num(
      10,
      { min: 0, max: 100, step: 0.1 },
      { label: 'End', help: 'Times the weight decay, at the end of the run. Below 1 it falls.' },
    ),
  }),
  warn: ({ end }, { optimizer }) => {
    if (optimizer.weightDecay === 0) return ['The weight decay is 0: there is nothing to schedule.'];
    return end === 1 ? ['It ends as it begins: nothing changes.'] : [];
  },
  timm: () => ({ impossible: "train.py's weight decay is the same from the first epoch to the last." }),
  optimizer: ({ end }) => ({
    decayFactor: ({ progress }) => end + ((1 - end) / 2) * (1 + Math.cos(Math.PI * progress)),
  }),
});
