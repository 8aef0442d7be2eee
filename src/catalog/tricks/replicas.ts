import { z } from 'zod';
import { defineTrick, int } from '../define';
import { fewImages } from '../replica-statistics';

/**
 * What several cards with DistributedDataParallel compute, on one: equal consecutive parts of the batch, each normalised by its
 * own statistics, gradients averaged, running statistics from the first. data.batch stays the whole batch, so the images of an
 * update, and with them linear scaling, do not change.
 */
export const replicas = defineTrick({
  id: 'replicas',
  label: 'Replicas',
  summary: 'Trains as several cards would: they split the batch, and batch norm sees only the images of its own card.',
  paper: {
    title: 'Accurate, large minibatch SGD: training ImageNet in 1 hour (Goyal et al. 2017)',
    url: 'https://arxiv.org/abs/1706.02677',
  },
  stage: 'scale',
  on: false,
  options: z.object({
    count: int(
      2,
      { min: 2, max: 64 },
      { label: 'Replicas', help: 'The batch must be a multiple. It is the batch of all replicas together.' },
    ),
  }),
  warn: ({ count }, run) => {
    if (run.batch % count !== 0) {
      return [`A batch of ${run.batch} cannot be cut into ${count} equal replicas: choose a multiple of ${count}.`];
    }
    if (!run.model.batchNorm) return ['The model has no batch norm: replicas change nothing.'];
    const few = fewImages(run);
    if (!few) return [];
    return [
      `Batch norm sees ${few} per replica, too few for its statistics: use a larger batch, fewer replicas or SyncBN.`,
    ];
  },
  // train.py would average the running statistics, if not told.
  timm: ({ count }) => ({
    args: ['--dist-bn', 'broadcast'],
    lacking: `Start it with torchrun --nproc_per_node=${count}, and give each process its share of the batch: -b over ${count}.`,
  }),
  scale: ({ count }) => ({ replicas: count }),
});
