/** When something happens in a run. A function of counters alone, so that a resumed or repeated run finds the same moments. */

/** The length of a run, in its two units. */
export interface RunLength {
  /** Updates of one epoch; the last one may be of fewer micro-batches. */
  updatesPerEpoch: number;
  /** Updates of the whole run. */
  totalUpdates: number;
}

/**
 * The moment at which a micro-batch is trained on. The micro-batches of one update share its update and progress, and replicas,
 * which split a micro-batch, share everything.
 */
export interface Moment {
  /** Whole epochs done, from 0. */
  epoch: number;
  /** Place of the micro-batch in its epoch, from 0. */
  microBatch: number;
  /** Updates done, from 0: the number of the update that the micro-batch is part of. */
  update: number;
  /** Share of the run's updates that are done: 0 at the first update, (n - 1) / n at the last of n. 1 after the end, where only a preview looks. */
  progress: number;
  /** Length of the run in epochs; fractional where it ends inside one. */
  totalEpochs: number;
  totalUpdates: number;
}

/** The moment of a micro-batch, when accumulation micro-batches make an update and the rest of an epoch makes a last one. */
export function momentOf(
  { updatesPerEpoch, totalUpdates }: RunLength,
  accumulation: number,
  { epoch, microBatch }: Pick<Moment, 'epoch' | 'microBatch'>,
): Moment {
  const update = epoch * updatesPerEpoch + Math.floor(microBatch / accumulation);
  const totalEpochs = totalUpdates / updatesPerEpoch;
  return { epoch, microBatch, update, progress: Math.min(1, update / totalUpdates), totalEpochs, totalUpdates };
}
