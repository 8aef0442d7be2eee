/** From an experiment to its data: where the shards are, which splits, and the loaders that read them. */
import { datasetOf } from '../catalog/parts';
import { splitParts } from '../data/holdout';
import { loadShardIndex } from '../data/index';
import { type Loader, type LoaderOptions, openLoader } from '../data/loader';
import type { DataPool } from '../data/pool';
import type { ShardIndex } from '../data/types';
import { numberOf } from '../experiment/plan';
import type { Experiment } from '../experiment/schema';
import type { DataSource } from './protocol';

/** URL of the shards' index: what the message names, else what the experiment's dataset says, below the site's root. */
function infoUrlOf(experiment: Experiment, data: DataSource | undefined): string {
  if (data) return data.infoUrl;
  const dataset = datasetOf(experiment.dataset);
  const path = dataset.infoUrl(experiment.options[dataset.id] ?? {});
  if (!path) throw new Error(`The dataset "${dataset.label}" needs an address: set its URL.`);
  // A built site has relative paths, and this worker lies in its assets/.
  const base = import.meta.env.BASE_URL;
  const root = new URL(base === './' ? '..' : base, self.location.href);
  return new URL(path, root).href;
}

export const openIndex = (experiment: Experiment, data: DataSource | undefined): Promise<ShardIndex> =>
  loadShardIndex(infoUrlOf(experiment, data));

export interface SplitOptions {
  index: ShardIndex;
  experiment: Experiment;
  split: string;
  /** Shuffled, augmented and without the last partial batch; else in natural order, complete. */
  training: boolean;
  pool: DataPool;
  /** Evaluation of all images, whatever share the experiment validates on. */
  everything?: boolean;
  /** Only these samples of the split. */
  within?: LoaderOptions['within'];
  onProblem?: (message: string) => void;
}

export function openSplit({
  index,
  experiment,
  split,
  training,
  pool,
  everything,
  within,
  onProblem,
}: SplitOptions): Promise<Loader> {
  const { seed, on, options } = experiment;
  const { mean, std } = datasetOf(experiment.dataset);
  return openLoader({
    index,
    split,
    seed,
    training,
    pool,
    batchSize: numberOf(experiment, 'data', training ? 'batch' : 'evalBatch'),
    fraction: everything ? 1 : numberOf(experiment, 'data', training ? 'fraction' : 'evalFraction'),
    recipe: { size: numberOf(experiment, 'data', 'size'), on, options, mean, std },
    ...(within && { within }),
    ...(onProblem && { onProblem }),
  });
}

export interface Splits {
  train: Loader;
  /** Absent where nothing can be spared. */
  validation: { loader: Loader; split: string } | undefined;
  close(): void;
}

/** What a run trains on and what it is validated on: a declared split, else a fixed part held out of the training images. */
export async function openSplits(options: Omit<SplitOptions, 'split' | 'training'>): Promise<Splits> {
  const { index, onProblem } = options;
  const loaders: Loader[] = [];
  const close = () => {
    for (const loader of loaders) loader.close();
  };
  const open = async (more: Pick<SplitOptions, 'split' | 'training' | 'within'>) => {
    const loader = await openSplit({ ...options, ...more });
    loaders.push(loader);
    return loader;
  };
  try {
    const parts = await splitParts(index, onProblem);
    const train = await open({ ...parts.train, training: true });
    const held = parts.validation;
    const validation = held && {
      loader: await open({ ...held, training: false }),
      split: held.within ? 'held out' : held.split,
    };
    return { train, validation, close };
  } catch (error) {
    close();
    throw error;
  }
}
