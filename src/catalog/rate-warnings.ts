/** What several schedules warn of: their numbers do not fit the run. */
import type { Surroundings } from './define';

/** A schedule that lowers the rate in steps, the first after so many epochs of its own. */
export function warnOfFirstDrop(epochs: number, { scheduledEpochs }: Surroundings): string[] {
  if (epochs < scheduledEpochs) return [];
  return [`The run ends before the first drop, ${epochs} epochs after the warmup: the rate stays.`];
}

/** A schedule that ends at a minimum, left perhaps from a run at a higher rate. */
export function warnOfMinimum(minLr: number, { baseLr }: Surroundings): string[] {
  if (minLr < baseLr) return [];
  const [low, high] = [minLr, baseLr].map((rate) => Number(rate.toPrecision(3)));
  return [`The last rate, ${low}, is not below the learning rate, ${high}: the rate never falls.`];
}
