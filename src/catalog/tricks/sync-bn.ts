import { z } from 'zod';
import { defineTrick } from '../define';

export const syncBn = defineTrick({
  id: 'sync-bn',
  label: 'SyncBN',
  summary: 'Replicas share their statistics: batch norm sees the whole batch again, as on a single card.',
  paper: {
    title: 'MegDet: a large mini-batch object detector (Peng et al. 2018)',
    url: 'https://arxiv.org/abs/1711.07240',
  },
  stage: 'scale',
  on: false,
  options: z.object({}),
  warn: (_options, { replicas, model }) => {
    if (!model.batchNorm) return ['The model has no batch norm: nothing changes.'];
    return replicas === 1 ? ['Without replicas batch norm sees the whole batch anyway: nothing changes.'] : [];
  },
  timm: () => ({ args: ['--sync-bn'] }),
  scale: () => ({ syncBatchNorm: true }),
});
