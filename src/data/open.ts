/**
 * The data of an experiment: where it lies, what its index says, its parts and how its images are prepared. The trainer, the
 * page's preview and the command line all open it here.
 */
import type { OptionValues } from '../catalog/define';
import { datasetOf } from '../catalog/parts';
import { type SplitParts, splitParts } from './holdout';
import { loadShardIndex } from './index';
import { type Loader, type LoaderOptions, openLoader } from './loader';
import type { DataPool } from './pool';
import type { ShardSource } from './shards';
import { measureStatistics, type Statistics } from './statistics';
import type { SampleRecipe, ShardIndex } from './types';
import { announcer } from './waiting';

/** What the data needs to know of an experiment. */
export interface DataExperiment {
  seed: number;
  /** Id of the catalog. */
  dataset: string;
  on: Record<string, boolean>;
  options: Record<string, OptionValues>;
}

export interface DataPlace {
  experiment: DataExperiment;
  /** Where the site's own datasets lie: its root. */
  base: string;
  /** Address of an index that takes the place of the experiment's own. */
  own?: string | undefined;
}

/** How files are reached, and who hears of it. */
export interface DataAccess extends Omit<ShardSource, 'index' | 'split'> {
  /** Hears of damaged shards and samples, in words. */
  onProblem?: (message: string) => void;
  /** Hears what is waited for, in words, and undefined when the wait is over. */
  onWaiting?: (message: string | undefined) => void;
}

export interface OpenDataset {
  readonly index: ShardIndex;
  /** Where its shards are, and how they are reached. */
  source(split: string): ShardSource;
  /** What is trained on and what is validated on. Found out once. */
  parts(): Promise<SplitParts>;
  /** Normalisation: the catalog's, the index's, else measured over training images. Found out once. */
  statistics(pool: DataPool): Promise<Statistics>;
  /** The same where it need not be measured. */
  readonly stated: Statistics | undefined;
  readonly access: DataAccess;
}

/** Address of the index of shards. Throws an Error for a person if the experiment's dataset needs one and has none. */
export function indexAddress({ experiment, base, own }: DataPlace): string {
  const dataset = datasetOf(experiment.dataset);
  return new URL(own ?? dataset.infoUrl(experiment.options[dataset.id] ?? {}), base).href;
}

/** Work that is done once, unless it fails. */
function once<Result, Arguments extends unknown[]>(
  work: (...given: Arguments) => Promise<Result>,
): (...given: Arguments) => Promise<Result> {
  let done: Promise<Result> | undefined;
  return (...given) => {
    done ??= work(...given).catch((error: unknown) => {
      done = undefined;
      throw error;
    });
    return done;
  };
}

/** Reads the index. Throws an Error for a person, or the signal's reason. */
export async function openDataset(place: DataPlace, access: DataAccess = {}): Promise<OpenDataset> {
  const { onProblem, onWaiting, ...reach } = access;
  const { during, heard } = announcer((message) => onWaiting?.(message));
  const onStatus: Parameters<typeof loadShardIndex>[1] = {
    ...reach,
    onStatus: (status) =>
      heard(
        status.kind === 'waiting'
          ? `Reading the dataset's index: trying again in ${Math.ceil(status.ms / 1000)} s (${status.reason})`
          : status.kind === 'offline'
            ? "Waiting for the network to read the dataset's index"
            : "Reading the dataset's index",
      ),
  };
  const index = await during(loadShardIndex(indexAddress(place), onStatus));
  const dataset = datasetOf(place.experiment.dataset);
  const { mean, std } = place.own !== undefined || dataset.brought ? index : dataset;
  const stated = mean && std && { mean, std };
  const source = (split: string): ShardSource => ({ ...reach, index, split });
  const parts = once(() => splitParts({ ...reach, index }, onProblem, onWaiting));
  return {
    index,
    source,
    parts,
    stated,
    statistics: once(async (pool: DataPool) => {
      if (stated) return stated;
      const { train } = await parts();
      return measureStatistics(source(train.split), train.within, pool, onWaiting);
    }),
    access,
  };
}

/** A numeric option of the experiment's data. */
function dataOption({ options }: DataExperiment, name: string): number {
  const value = options.data?.[name];
  if (typeof value !== 'number') throw new Error(`The experiment has no number data.${name}.`);
  return value;
}

const recipeOf = (experiment: DataExperiment, statistics: Statistics): SampleRecipe => ({
  size: dataOption(experiment, 'size'),
  on: experiment.on,
  options: experiment.options,
  ...statistics,
});

export interface SplitOptions {
  split: string;
  /** Only these samples of the split. */
  within?: LoaderOptions['within'];
  /** Shuffled, augmented and without the last partial batch; else in natural order, complete. */
  training: boolean;
  pool: DataPool;
  /** All images, whatever share the experiment uses. */
  everything?: boolean;
  /** Images of a batch. Default: what the experiment says. */
  batchSize?: number;
  /** What to normalise with, where that is not the dataset's to say. */
  statistics?: Statistics;
}

/** A loader of one split, or of a part of it. */
export async function openSplit(
  dataset: OpenDataset,
  experiment: DataExperiment,
  { split, within, training, pool, everything, batchSize, statistics }: SplitOptions,
): Promise<Loader> {
  const { onProblem, onWaiting } = dataset.access;
  return openLoader({
    ...dataset.source(split),
    seed: experiment.seed,
    training,
    pool,
    batchSize: batchSize ?? dataOption(experiment, training ? 'batch' : 'evalBatch'),
    fraction: everything ? 1 : dataOption(experiment, training ? 'fraction' : 'evalFraction'),
    recipe: recipeOf(experiment, statistics ?? (await dataset.statistics(pool))),
    within,
    ...(onProblem && { onProblem }),
    ...(onWaiting && { onWaiting }),
  });
}

export interface Splits {
  train: Loader;
  /** Absent where nothing can be spared. */
  validation: { loader: Loader; split: string } | undefined;
  /** What the plan needs to know of the data. */
  facts: { trainImages: number; classes: number } & Statistics;
  /** What the user should know of the data before training, in words. */
  notes: string[];
  close(): void;
}

/** A smaller share of an epoch is not worth a word. */
const WORTH_SAYING = 0.01;
const shown = (values: readonly number[]) => values.map((value) => value.toFixed(3)).join(', ');

/** What a user should know of a batch size before training: images that every epoch leaves out. */
export function leftOverNote(samples: number, batch: number): string | undefined {
  const dropped = samples % batch;
  if (dropped / samples < WORTH_SAYING) return undefined;
  return `Every epoch leaves out ${dropped} of ${samples} training images, others each time: they do not fill a batch of ${batch}.`;
}

export const NOTHING_TO_VALIDATE =
  'Nothing is there to validate on: the dataset declares no validation split, and of classes with a single image none can be held out. The run has training figures only.';

/** What a run trains on and what it is validated on: a declared split, else a fixed part held out of the training images. */
export async function openSplits(dataset: OpenDataset, experiment: DataExperiment, pool: DataPool): Promise<Splits> {
  const loaders: Loader[] = [];
  const close = () => {
    for (const loader of loaders) loader.close();
  };
  const open = async (more: Pick<SplitOptions, 'split' | 'training' | 'within'>) => {
    const loader = await openSplit(dataset, experiment, { ...more, pool });
    loaders.push(loader);
    return loader;
  };
  try {
    const { train: part, validation: held } = await dataset.parts();
    const train = await open({ ...part, training: true });
    const validation = held && {
      loader: await open({ ...held, training: false }),
      split: held.within ? 'held out' : held.split,
    };
    const statistics = await dataset.statistics(pool);
    const leftOver = leftOverNote(train.samples, dataOption(experiment, 'batch'));
    const notes = [...(leftOver ? [leftOver] : []), ...(held ? [] : [NOTHING_TO_VALIDATE])];
    if (!dataset.stated)
      notes.push(
        `The pixels of '${dataset.index.name}' were measured: mean ${shown(statistics.mean)}, std ${shown(statistics.std)}. An index that names "mean" and "std" is taken at its word.`,
      );
    const facts = { trainImages: train.samples, classes: dataset.index.classes.length, ...statistics };
    return { train, validation, facts, notes, close };
  } catch (error) {
    close();
    throw error;
  }
}
