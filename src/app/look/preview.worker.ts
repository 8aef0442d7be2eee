/**
 * Makes the first training batch of an epoch as the network will see it: the trainer's own loader, augmentation and mix plan,
 * in a worker of its own so that the page stays free.
 */
import type { MixPlan } from '../../catalog/define';
import { mixedTargets } from '../../catalog/mixing';
import { datasetOf } from '../../catalog/parts';
import { loadShardIndex } from '../../data/index';
import { openLoader } from '../../data/loader';
import { type DataPool, openPool } from '../../data/pool';
import type { Batch, ShardIndex } from '../../data/types';
import { numberOf, planTraining } from '../../experiment/plan';
import type { PreviewAnswer, PreviewImage, PreviewRequest } from './protocol';

const indexes = new Map<string, Promise<ShardIndex>>();
let pool: DataPool | undefined;
let newest = 0;

self.onmessage = async ({ data }: MessageEvent<PreviewRequest>) => {
  newest = data.id;
  // A burst of edits leaves only the last one to do.
  await new Promise((resolve) => setTimeout(resolve, 120));
  if (newest !== data.id) return;
  let answer: PreviewAnswer;
  try {
    answer = await preview(data);
  } catch (error) {
    answer = { id: data.id, problem: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answer);
};

async function preview({ id, experiment, epoch, count, base }: PreviewRequest): Promise<PreviewAnswer> {
  const dataset = datasetOf(experiment.dataset);
  const url = new URL(dataset.infoUrl(experiment.options[dataset.id] ?? {}), base).href;
  const loading = indexes.get(url) ?? loadShardIndex(url);
  // A failed load is asked for again the next time.
  loading.catch(() => indexes.delete(url));
  indexes.set(url, loading);
  const index = await loading;
  pool ??= openPool(1);
  const size = numberOf(experiment, 'data', 'size');
  const loader = await openLoader({
    index,
    split: 'train',
    seed: experiment.seed,
    batchSize: numberOf(experiment, 'data', 'batch'),
    recipe: { size, on: experiment.on, options: experiment.options, mean: dataset.mean, std: dataset.std },
    training: true,
    fraction: numberOf(experiment, 'data', 'fraction'),
    pool,
  });
  try {
    const first = await loader.epoch(epoch).next();
    if (first.done) throw new Error('The dataset has no training images.');
    const classes = index.classes.length;
    const plan = planTraining(experiment, { trainImages: loader.samples, classes });
    const mix = plan.mix(epoch, 0);
    const batch = first.value;
    const targets = mixedTargets(batch.labels, classes, plan.lossPlan.smoothing, mix);
    const images = Array.from({ length: Math.min(count, batch.count) }, (_, i): PreviewImage => {
      const row = targets.subarray(i * classes, (i + 1) * classes);
      const floor = plan.lossPlan.smoothing / classes;
      const target = [...row.keys()]
        .filter((label) => (row[label] as number) > floor + 1e-6)
        .map((label) => ({ name: index.classes[label] as string, share: row[label] as number }))
        .sort((a, b) => b.share - a.share);
      return { key: batch.keys[i] as string, pixels: mixed(batch, i, size, mix), target, floor };
    });
    return { id, size, mix, images };
  } finally {
    loader.close();
  }
}

/** Image i of the batch after mixing with its partner, the image at the same place from the end. RGBA. */
function mixed(batch: Batch, i: number, size: number, mix: MixPlan): Uint8ClampedArray<ArrayBuffer> {
  const length = size * size * 3;
  const own = batch.pixels.subarray(i * length, (i + 1) * length);
  const partner = batch.pixels.subarray((batch.count - 1 - i) * length, (batch.count - i) * length);
  const out = new Uint8ClampedArray(size * size * 4).fill(255);
  for (let p = 0; p < size * size; p++) {
    const x = p % size;
    const y = Math.floor(p / size);
    const pasted = mix.kind === 'cutmix' && x >= mix.box.x0 && x < mix.box.x1 && y >= mix.box.y0 && y < mix.box.y1;
    const share = mix.kind === 'mixup' ? mix.lambda : pasted ? 0 : 1;
    for (let c = 0; c < 3; c++)
      out[p * 4 + c] = share * (own[p * 3 + c] as number) + (1 - share) * (partner[p * 3 + c] as number);
  }
  return out;
}
