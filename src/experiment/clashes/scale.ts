/** Replicas that cannot split the batch, split it too small, or change nothing. */

import { numberOf, type TrainingPlan } from '../plan';
import type { Experiment } from '../schema';
import type { Clash } from '.';

/** Images per replica below which the statistics of batch norm are too noisy (Wu and He 2018, figure 1). */
const IMAGES_FOR_STATISTICS = 8;

export function scaleClashes(experiment: Experiment, { batch, normGroups }: TrainingPlan): Clash[] {
  const found: Clash[] = [];
  const { on } = experiment;
  if (on['sync-bn'] && !on.replicas) {
    found.push({
      trick: 'sync-bn',
      message: 'Without replicas batch norm sees the whole batch anyway: nothing changes.',
    });
  }
  if (!on.replicas) return found;
  const count = numberOf(experiment, 'replicas', 'count');
  if (batch % count !== 0) {
    const message = `A batch of ${batch} cannot be cut into ${count} equal replicas: choose a multiple of ${count}.`;
    return [...found, { trick: 'replicas', message }];
  }
  const images = batch / count;
  if (normGroups > 1 && images < IMAGES_FOR_STATISTICS) {
    const few = images === 1 ? 'a single image' : `${images} images`;
    found.push({
      trick: 'replicas',
      message: `Batch norm sees ${few} per replica, too few for its statistics: use a larger batch, fewer replicas or SyncBN.`,
    });
    if (on['zero-gamma']) {
      found.push({
        trick: 'zero-gamma',
        message: `A block begins to act by the gradient of its gamma, which ${few} per replica make noisy: add SyncBN.`,
      });
    }
  }
  return found;
}
