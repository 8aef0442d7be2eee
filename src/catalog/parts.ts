/** Every part of the catalog by id: what forms list, links name and experiments hold options of. */
import { z } from 'zod';
import { datasets } from './datasets';
import {
  type Dataset,
  definePart,
  int,
  type Model,
  num,
  type Optimizer,
  type OptionValues,
  type Part,
  type Schedule,
  type Stage,
} from './define';
import { models } from './models';
import { optimizers } from './optimizers';
import { schedules } from './schedules';
import { tricks } from './tricks';

/** What every run has, whatever is chosen. */
export const dataPart = definePart({
  id: 'data',
  label: 'Images',
  summary: 'How large the images are and how many go through the network at once.',
  options: z.object({
    size: int(28, { min: 8, max: 512, step: 4 }, { label: 'Image side', unit: 'px' }),
    batch: int(64, { min: 1, max: 1024, step: 8 }, { label: 'Batch', unit: 'images' }),
    evalBatch: int(
      128,
      { min: 1, max: 1024, step: 8 },
      { label: 'Validation batch', unit: 'images', help: 'Changes memory and time, no result.' },
    ),
    fraction: num(
      1,
      { min: 0.001, max: 1, step: 0.05 },
      { label: 'Share of the training images', help: 'A fixed choice by seed.' },
    ),
    evalFraction: num(
      1,
      { min: 0.001, max: 1, step: 0.05 },
      { label: 'Share of the validation images', help: 'A fixed choice, the same for every run.' },
    ),
  }),
  warn: ({ batch }, { trainImages }) =>
    trainImages < batch
      ? [`There are ${trainImages} images to train on, too few for a batch of ${batch}: an epoch has no batch.`]
      : [],
});

export const stopPart = {
  id: 'stop',
  label: 'Stop',
  summary: 'When the run ends, and with it the schedule.',
  options: z.object({
    epochs: num(5, { min: 0.01, max: 1000, step: 1 }, { label: 'Epochs', help: 'Warmup included; may be a fraction.' }),
    steps: int(
      0,
      { min: 0, max: 10_000_000, step: 100 },
      { label: 'At most', unit: 'updates', help: '0 sets no limit.' },
    ),
  }),
} satisfies Part;

export type PartKind = 'general' | 'dataset' | 'model' | 'optimizer' | 'schedule' | 'trick';

export interface PartEntry {
  part: Part;
  kind: PartKind;
  /** Where the part stands in the pipeline. */
  stage: Stage;
}

const entries: readonly PartEntry[] = [
  ...datasets.map((part) => ({ part, kind: 'dataset', stage: 'data' }) as const),
  { part: dataPart, kind: 'general', stage: 'data' },
  ...models.map((part) => ({ part, kind: 'model', stage: 'model' }) as const),
  ...optimizers.map((part) => ({ part, kind: 'optimizer', stage: 'optimizer' }) as const),
  ...schedules.map((part) => ({ part, kind: 'schedule', stage: 'schedule' }) as const),
  ...tricks.map((part) => ({ part, kind: 'trick', stage: part.stage }) as const),
  { part: stopPart, kind: 'general', stage: 'stop' },
];

const byId = new Map(entries.map((entry) => [entry.part.id, entry]));

/** Every part with its kind and stage: datasets, images, models, optimizers, schedules, tricks, stop. */
export const allParts = (): readonly PartEntry[] => entries;

/** The part of an id, or undefined. Safe for ids that come from links. */
export const findPart = (id: string): PartEntry | undefined => byId.get(id);

/** The default options of a part. */
export const defaultOptions = (part: Part): OptionValues => part.options.parse({}) as OptionValues;

function named<T extends Part>(registry: readonly T[], kind: string): (id: string) => T {
  return (id) => {
    const part = registry.find((candidate) => candidate.id === id);
    if (!part) throw new Error(`There is no ${kind} called "${id}".`);
    return part;
  };
}

/** The definition of an id; throws for an unknown one. */
export const datasetOf: (id: string) => Dataset = named(datasets, 'dataset');
export const modelOf: (id: string) => Model = named(models, 'model');
export const optimizerOf: (id: string) => Optimizer = named(optimizers, 'optimizer');
export const scheduleOf: (id: string) => Schedule = named(schedules, 'schedule');
