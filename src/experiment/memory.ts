/**
 * Whether a run has room. WebGPU tells the memory of no GPU, so what is held against the estimate is stated: beyond the most that any
 * device has, a run is refused; beyond what most have, it is said.
 */
import { formatBytes } from '../core/format';
import type { AdapterSummary } from '../core/results';
import type { Experiment } from './schema';

/** Three quarters of the largest unified memory that is sold (512 GB), which is what its system lends to a GPU. */
const LARGEST_GPU = 384e9;
/** Of the largest cards that people have at home. */
const LARGE_GPU = 24e9;
/** A software adapter computes in the processor's memory; of one that says no number, so much is counted on. */
const USUAL_COMPUTER = 16e9;

export interface Tightness {
  /** In words: how much is wanted, and of how much. */
  message: string;
  /** The run can't be trained here; otherwise it may. */
  impossible: boolean;
}

/** What speaks against training a run of so many bytes on a device; computerBytes: its main memory, where it is known. */
export function tightness(
  estimatedBytes: number,
  { software }: Pick<AdapterSummary, 'software'>,
  computerBytes: number | undefined,
): Tightness | undefined {
  const wanted = `It would take about ${formatBytes(estimatedBytes)}`;
  if (software) {
    const room = computerBytes ?? USUAL_COMPUTER;
    if (estimatedBytes <= room) return undefined;
    const said = computerBytes === undefined ? 'of which 16 GB are counted on' : `which is ${formatBytes(room)}`;
    return {
      message: `${wanted}; this software adapter computes in the computer's memory, ${said}.`,
      impossible: true,
    };
  }
  if (estimatedBytes > LARGEST_GPU) {
    return {
      message: `${wanted}; the largest GPU that a browser can use lends ${formatBytes(LARGEST_GPU)}.`,
      impossible: true,
    };
  }
  if (estimatedBytes <= LARGE_GPU) return undefined;
  return {
    message: `${wanted}, and browsers do not tell how much a GPU has: few have more than ${formatBytes(LARGE_GPU)}.`,
    impossible: false,
  };
}

/** Batch norm wants as many images. */
const SMALLEST_BATCH = 8;
const SMALLEST_SIDE = 32;

/** From a whole number downwards, each about a share of the one before and a multiple. */
function downwards(from: number, share: number, multiple: number, least: number): number[] {
  const next = Math.floor((from * share) / multiple) * multiple;
  return next < least ? [] : [next, ...downwards(next, share, multiple, least)];
}

export interface Smaller {
  experiment: Experiment;
  /** 'a batch of 32', 'a batch of 8 and images of 96 px'. */
  words: string;
}

/** The experiment with the nearest setting that fits: a smaller batch, and if none is small enough, smaller images too. */
export function nearestFitting(experiment: Experiment, fits: (candidate: Experiment) => boolean): Smaller | undefined {
  const { batch, size } = experiment.options.data as { batch: number; size: number };
  const batches = downwards(batch, 1 / 2, 1, Math.min(SMALLEST_BATCH, batch));
  const smallest = batches.at(-1) ?? batch;
  const settings = [
    ...batches.map((fewer) => ({ batch: fewer, size })),
    ...downwards(size, 3 / 4, 4, SMALLEST_SIDE).map((side) => ({ batch: smallest, size: side })),
  ];
  for (const setting of settings) {
    const candidate = {
      ...experiment,
      options: { ...experiment.options, data: { ...experiment.options.data, ...setting } },
    };
    if (!fits(candidate)) continue;
    const images = setting.size === size ? '' : ` and images of ${setting.size} px`;
    return { experiment: candidate, words: `a batch of ${setting.batch}${images}` };
  }
  return undefined;
}
