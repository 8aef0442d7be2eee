/** Accuracy and loss over a whole split, in evaluation mode. */
import type { Totals } from '../core/results';
import type { Batch } from '../data/types';
import type { Network } from './network';

/** Means over the images: loss, and top-1 and top-5 in [0, 1]. */
export interface Evaluation extends Totals {
  images: number;
}

/** How many batches may be on the GPU at once. */
const RUN_AHEAD = 3;

/** onLogits, if given, gets every batch's logits, row-major [count, classes], in any order. */
export async function evaluate(
  { trainer }: Network,
  batches: AsyncIterable<Batch>,
  { onLogits, stopped }: { onLogits?: (logits: Float32Array, batch: Batch) => void; stopped?: () => boolean } = {},
): Promise<Evaluation> {
  const total: Evaluation = { images: 0, loss: 0, top1: 0, top5: 0 };
  const pending: Promise<void>[] = [];
  const measure = async (batch: Batch) => {
    const { totals, logits } = await trainer.evaluate(batch, onLogits !== undefined);
    if (logits) onLogits?.(logits, batch);
    total.images += batch.count;
    total.loss += totals.loss;
    total.top1 += totals.top1;
    total.top5 += totals.top5;
  };
  for await (const batch of batches) {
    if (stopped?.()) break;
    const measured = measure(batch);
    // Awaited later, in order.
    measured.catch(() => {});
    pending.push(measured);
    if (pending.length >= RUN_AHEAD) await pending.shift();
  }
  await Promise.all(pending);
  const n = Math.max(1, total.images);
  return { images: total.images, loss: total.loss / n, top1: total.top1 / n, top5: total.top5 / n };
}
