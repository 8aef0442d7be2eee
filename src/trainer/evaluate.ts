/** Accuracy and loss over a whole split, in evaluation mode. */
import type { Batch } from '../data/types';
import * as engine from '../engine';
import type { TrainingPlan } from '../experiment/plan';
import type { Network } from './network';
import type { MetricTotals } from './step';

export interface Evaluation extends MetricTotals {
  images: number;
}

/** How many batches may be on the GPU at once. */
const RUN_AHEAD = 3;

/**
 * Means over the batches' images of the hard-label loss, top-1 and top-5 in [0, 1].
 * onLogits, if given, gets every batch's logits, row-major [count, classes].
 */
export async function evaluate(
  network: Network,
  plan: TrainingPlan,
  batches: AsyncIterable<Batch>,
  onLogits?: (logits: Float32Array, batch: Batch) => void,
  stopped?: () => boolean,
): Promise<Evaluation> {
  const total: Evaluation = { images: 0, loss: 0, top1: 0, top5: 0 };
  const pending: Promise<void>[] = [];
  for await (const batch of batches) {
    if (stopped?.()) break;
    const input = engine.normalizedInput(batch.pixels, batch.count, plan.size, plan.mean, plan.std);
    const { logits, sums } = engine.logitsAndMetrics(
      (x) => network.forward(x, { training: false, step: 0 }),
      input,
      batch.labels,
    );
    pending.push(
      (async () => {
        if (onLogits) onLogits((await logits.data()) as Float32Array, batch);
        logits.dispose();
        const metrics = new engine.MetricSums();
        metrics.add(sums);
        const { loss, top1, top5 } = await metrics.read();
        total.images += batch.count;
        total.loss += loss;
        total.top1 += top1;
        total.top5 += top5;
      })(),
    );
    if (pending.length >= RUN_AHEAD) await pending.shift();
  }
  await Promise.all(pending);
  const n = Math.max(1, total.images);
  return { images: total.images, loss: total.loss / n, top1: total.top1 / n, top5: total.top5 / n };
}
