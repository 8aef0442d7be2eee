/** Combinations that are allowed and rarely wise: warnings to show beside the switch. */
import { modelOf } from '../../catalog/parts';
import { expectedFacts, numberOf, planTraining } from '../plan';
import type { Experiment } from '../schema';
import { augmentationClashes } from './augmentation';
import { distillationClashes } from './distillation';
import { optimizerClashes } from './optimizer';
import { scaleClashes } from './scale';
import { scheduleClashes } from './schedule';

export interface Clash {
  /** The part to show the warning at: a trick, a model or 'data'. */
  trick: string;
  message: string;
}

/** Below this, mixing has cost accuracy in practice: its networks are still underfitting. */
const EPOCHS_FOR_MIXING = 10;
/** CMT halves the image five times; below 64 px its attention has next to no keys to choose from. */
const PIXELS_FOR_CMT = 64;

/** The clashes of an experiment, in the order of the pipeline; empty if there are none. */
export function clashes(experiment: Experiment): Clash[] {
  const found: Clash[] = [];
  const { on } = experiment;
  const plan = planTraining(experiment, expectedFacts(experiment));
  const model = modelOf(experiment.model);
  if (model.id.startsWith('cmt') && plan.size < PIXELS_FOR_CMT) {
    found.push({
      trick: model.id,
      message: `At ${plan.size} px the attention of ${model.label} has too few keys to attend to: use ${PIXELS_FOR_CMT} px or more.`,
    });
  }
  found.push(
    ...augmentationClashes(experiment),
    ...scheduleClashes(experiment, plan.epochs),
    ...optimizerClashes(plan),
  );
  for (const trick of ['mixup', 'cutmix']) {
    if (on[trick] && plan.epochs < EPOCHS_FOR_MIXING) {
      found.push({
        trick,
        message: `Mixing needs long runs to pay off; this one has ${round(plan.epochs)} epochs. Expect lower accuracy than without.`,
      });
    }
    if (on[trick] && plan.batch < 2) {
      found.push({ trick, message: 'A batch of one image is mixed with itself: nothing changes.' });
    }
  }
  found.push(...distillationClashes(experiment, plan.lossPlan));
  if (on['no-bias-decay'] && plan.optimizerPlan.weightDecay === 0) {
    found.push({ trick: 'no-bias-decay', message: 'The weight decay is 0: there is nothing to keep away.' });
  }
  const images = plan.batch * plan.accumulation;
  if (on['linear-scaling'] && !on.warmup && images > numberOf(experiment, 'linear-scaling', 'base')) {
    found.push({
      trick: 'linear-scaling',
      message: 'A scaled-up rate from the first update on can diverge: add warmup.',
    });
  }
  if (on.warmup && plan.epochs <= numberOf(experiment, 'warmup', 'epochs')) {
    found.push({ trick: 'warmup', message: 'The run ends before the warmup does: the full rate is never reached.' });
  }
  if (on['gradient-accumulation'] && plan.accumulation > plan.microBatchesPerEpoch) {
    found.push({ trick: 'gradient-accumulation', message: 'An epoch has fewer batches than one update takes.' });
  }
  found.push(...scaleClashes(experiment, plan));
  return found;
}

const round = (x: number) => String(Number(x.toPrecision(2)));
