/** Optimizers and averages that do not do what their name says in this run. */

import type { TrainingPlan } from '../plan';
import type { Clash } from '.';

/** Share of the average that may be the first update's weights at the end of a run. */
const STALE = 0.05;

export function optimizerClashes({ optimizerPlan, totalUpdates }: TrainingPlan): Clash[] {
  const { rule, weightDecay, averaging } = optimizerPlan;
  const found: Clash[] = [];
  if (rule.kind === 'lars' && weightDecay === 0) {
    found.push({
      trick: 'lars',
      message:
        'Without weight decay LARS gives no layer a step of its own, as in timm: this is SGD at a rate for LARS.',
    });
  }
  const stale = averaging && !averaging.warmup ? averaging.decay ** (totalUpdates - 1) : 0;
  if (stale > STALE) {
    found.push({
      trick: 'ema',
      message: `After ${totalUpdates.toLocaleString('en')} updates ${Math.round(100 * stale)} % of the average is still the first update's weights: choose a smaller decay, or warmup.`,
    });
  }
  return found;
}
