/**
 * What a store gives is read with suspicion: another version wrote it, or a hand, or a disk. What is right is taken; of the rest
 * is said what is wrong, and it stays where it is.
 */
import { z } from 'zod';
import type { EvalMetrics, Predictions, RunState } from '../core/results';
import { parseExperiment } from '../experiment/schema';
import type { Run } from './run';
import { type Chunk, type Column, columns } from './series';

/** NaN and infinity included: a loss may be either. */
const number = z.custom<number>((value) => typeof value === 'number');
const place = z.int().nonnegative();
/** Longer texts are none of ours. */
const text = z.string().max(10_000);

const states = ['preparing', 'running', 'paused', 'finished', 'stopped', 'failed'] as const satisfies RunState[];

const record = z.object({
  id: z.string().min(1).max(200),
  number: place,
  name: z.string().min(1).max(200),
  color: place,
  created: number,
  state: z.enum(states),
  tab: text.optional(),
  message: text.optional(),
  adapter: z
    .object({
      backend: z.enum(['webgpu', 'webgl', 'cpu']),
      vendor: text,
      architecture: text,
      description: text,
      software: z.boolean(),
      features: z.array(text).max(1000),
      fallbackReason: text,
    })
    .optional(),
  parameters: number.optional(),
  stepsPerEpoch: number.optional(),
  totalSteps: number.optional(),
  hidden: z.boolean(),
  summary: z.object({
    step: number,
    epoch: number,
    trainLoss: number.optional(),
    validationLoss: number.optional(),
    top1: number.optional(),
    top5: number.optional(),
    averagedTop1: number.optional(),
    imagesPerSecond: number.optional(),
    timeMs: number,
  }),
  predictedAt: number.optional(),
});

/** Settings as this version reads them, or why it can't; undefined for what are no settings at all. */
function readSettings(value: unknown): Pick<Run, 'experiment' | 'unreadable'> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  try {
    const { experiment, problems } = parseExperiment(value);
    return experiment ? { experiment } : { unreadable: problems.map(({ message }) => message).join(' ') };
  } catch {
    return undefined;
  }
}

/** A stored run, or what is wrong with it, as the end of a sentence. Options that its version did not have take their defaults. */
export function readRun(value: unknown): { run: Run; problem?: never } | { problem: string; run?: never } {
  const { data, error } = record.safeParse(value);
  if (!data) {
    const wrong = [...new Set(error.issues.map(({ path }) => path.join('.') || 'the record'))];
    return { problem: `its ${wrong.slice(0, 3).join(', ')} can't be read` };
  }
  const settings = readSettings((value as { experiment?: unknown }).experiment);
  if (!settings) return { problem: 'it has no settings' };
  // Absent and undefined are one to the store, not to the type.
  return { run: { ...data, ...settings } as Run };
}

/** The columns of a stored chunk, if they are numbers, of one length, with updates that ascend from `after` on. */
function readColumns(value: unknown, after: number): Chunk | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Partial<Record<Column, unknown>>;
  const steps = given.step;
  if (!(steps instanceof Float64Array)) return undefined;
  for (const name of columns) {
    const column = given[name];
    if (!(column instanceof Float64Array) || column.length !== steps.length) return undefined;
  }
  let last = after;
  for (const step of steps) {
    if (!(step > last)) return undefined;
    last = step;
  }
  return given as Chunk;
}

const evaluation = z.object({
  step: number,
  epoch: number,
  timeMs: number,
  split: text,
  averaged: z.literal(true).optional(),
  loss: number,
  top1: number,
  top5: number,
});

/** A stored part of a curve that follows update `after`; undefined if it can't be read. */
export function readPart(value: unknown, after: number): { steps: Chunk; evaluations: EvalMetrics[] } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as { steps?: unknown; evaluations?: unknown };
  const steps = readColumns(given.steps, after);
  const { data: evaluations } = z.array(evaluation).safeParse(given.evaluations);
  return steps && evaluations ? { steps, evaluations: evaluations as EvalMetrics[] } : undefined;
}

const predictions = z
  .object({
    step: number,
    split: text,
    classes: z.array(text).min(1),
    images: place,
    logits: z.instanceof(Float32Array),
    labels: z.instanceof(Int32Array),
    places: z.instanceof(Uint32Array),
    keys: z.array(text),
  })
  .refine(
    ({ classes, logits, labels, places, keys }) =>
      logits.length === labels.length * classes.length &&
      places.length === labels.length &&
      keys.length === labels.length &&
      labels.every((label) => label >= 0 && label < classes.length),
  );

/** Stored predictions; undefined for what can't be read. */
export const readPredictions = (value: unknown): Predictions | undefined =>
  predictions.safeParse(value).data as Predictions | undefined;
