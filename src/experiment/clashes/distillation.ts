/** Distillation beside what it does not go well with. */
import type { LossPlan } from '../../catalog/define';
import type { Experiment } from '../schema';
import type { Clash } from '.';

export function distillationClashes({ on }: Experiment, { distillation }: LossPlan): Clash[] {
  if (!distillation) return [];
  const found: Clash[] = [];
  const warn = (trick: string, message: string) => found.push({ trick, message });
  if (distillation.teacher === '') {
    warn('distillation', 'No teacher is chosen: a run needs one before it can start.');
  }
  if (distillation.distillWeight === 0) {
    warn('distillation', 'At weight 0 the teacher is asked for every image, and its answers count for nothing.');
  }
  if (on['label-smoothing']) {
    // Mueller et al. 2019 "When does label smoothing help?" (arXiv 1906.02629), section 4.
    warn(
      'label-smoothing',
      "A teacher's answers are soft already, and one trained with smoothing teaches worse: measure with and without.",
    );
  }
  return found;
}
