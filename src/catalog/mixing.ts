/** How a batch is mixed: the choice between mixup and CutMix, the CutMix box and the soft targets, as timm's data/mixup.py. */
import type { Moment } from '../core/moment';
import { rng } from '../core/rng';
import type { MixPlan, OptionValues, Surroundings, Trick } from './define';

export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/**
 * The box that CutMix pastes: side sqrt(1 - lambda) of the image, centred on pixel (cx, cy), clipped to the image;
 * lambda is then corrected to 1 - area share. timm's rand_bbox, halves rounded down as there.
 */
export function cutmixBox(lambda: number, cx: number, cy: number, size: number): { lambda: number; box: Box } {
  const half = Math.floor(Math.trunc(size * Math.sqrt(1 - lambda)) / 2);
  const clip = (v: number) => Math.min(Math.max(v, 0), size);
  const box = { x0: clip(cx - half), y0: clip(cy - half), x1: clip(cx + half), y1: clip(cy + half) };
  return { lambda: 1 - ((box.x1 - box.x0) * (box.y1 - box.y0)) / (size * size), box };
}

/**
 * The mix plan of one micro-batch, a pure function of seed and moment; size is the input's side in pixels. With several mixing
 * tricks on, each micro-batch takes one of them with equal chance (timm's --mixup-switch-prob .5), until one trick ends all mixing.
 */
export function mixPlan(
  active: readonly { trick: Trick; options: OptionValues }[],
  seed: number,
  at: Moment,
  size: number,
): MixPlan {
  const mixers = active.filter(({ trick }) => trick.batch);
  if (active.some(({ trick, options }) => trick.mixes?.(options, at) === false)) return { kind: 'none' };
  const stream = rng(seed, 'mixing', at.epoch, at.microBatch);
  const chosen = mixers.length > 1 ? mixers[stream.int(mixers.length)] : mixers[0];
  if (!chosen?.trick.batch) return { kind: 'none' };
  const plan = chosen.trick.batch(chosen.options, { rng: stream, at, size });
  return plan.kind !== 'none' && plan.lambda === 1 ? { kind: 'none' } : plan;
}

/**
 * Soft targets [labels.length, classes], row by row: one-hots are smoothed (1 - e + e/K and e/K), then mixed with the
 * reversed batch's. Throws if a label is not a class.
 */
export function mixedTargets(
  labels: ArrayLike<number>,
  classes: number,
  smoothing: number,
  plan: MixPlan,
): Float32Array<ArrayBuffer> {
  const rows = labels.length;
  const lambda = plan.kind === 'none' ? 1 : plan.lambda;
  const targets = new Float32Array(rows * classes).fill(smoothing / classes);
  for (let row = 0; row < rows; row++) {
    for (const [from, share] of [
      [row, lambda],
      [rows - 1 - row, 1 - lambda],
    ] as const) {
      const label = labels[from] as number;
      if (!(label >= 0 && label < classes)) throw new Error(`Label ${label} is not one of ${classes} classes.`);
      targets[row * classes + label] = (targets[row * classes + label] as number) + (1 - smoothing) * share;
    }
  }
  return targets;
}

/** Below this, mixing has cost accuracy in practice: its networks are still underfitting. */
const EPOCHS_FOR_MIXING = 10;

/** The warnings of every trick that mixes. */
export function warnOfMixing({ epochs, batch }: Surroundings): string[] {
  const warnings: string[] = [];
  if (epochs < EPOCHS_FOR_MIXING) {
    const length = Number(epochs.toPrecision(2));
    warnings.push(
      `Mixing needs long runs to pay off; this one has ${length} epochs. Expect lower accuracy than without.`,
    );
  }
  if (batch < 2) warnings.push('A batch of one image is mixed with itself: nothing changes.');
  return warnings;
}
