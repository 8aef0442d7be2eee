/**
 * The contracts of the catalog. Everything a user can choose is a Part: an id, options (a zod object that gives defaults,
 * validation, the form control, the link's keys and the documentation) and words for a person.
 * Hooks are pure and import no tfjs: a trick plans, the engine executes. What may change during a run is a function of the moment
 * (core/moment.ts): images, mixing, targets, rate. What the engine records once, network and update rule, is a value.
 */
import { config, z } from 'zod';
import type { Moment, RunLength } from '../core/moment';
import type { OptimizerPlan } from '../core/optimizer';
import type { Rng } from '../core/rng';
import type { Layers } from '../engine/ops';
import type { ImageOp, Rgb } from './image-ops';
import type { Pictures } from './pictures';

// No functions out of text: the page's policy forbids it, and zod's trial whether it may would be reported as a violation.
config({ jitless: true });

// ---- options -------------------------------------------------------------------------------------------------------

export type OptionValue = number | boolean | string | number[];
export type OptionValues = Record<string, OptionValue>;

/** How an option is shown and typed; kept beside its zod schema as metadata. */
export type OptionControl = { label: string; help?: string; unit?: string } & (
  | { kind: 'number'; min: number; max: number; step: number; integer: boolean }
  | { kind: 'boolean' }
  | { kind: 'choice'; choices: readonly string[] }
  | { kind: 'text'; maxLength: number }
  /** Id of weights that this browser keeps; '' for none. */
  | { kind: 'checkpoint'; maxLength: number }
  /** Comma-separated integers, e.g. blocks per stage. */
  | { kind: 'numbers'; length: number; min: number; max: number }
);

const controls = z.registry<OptionControl>();

interface Words {
  label: string;
  help?: string;
  unit?: string;
}

export function num(fallback: number, range: { min: number; max: number; step?: number }, words: Words) {
  const schema = z.number().min(range.min).max(range.max).default(fallback);
  controls.add(schema, {
    kind: 'number',
    integer: false,
    step: range.step ?? 0.01,
    min: range.min,
    max: range.max,
    ...words,
  });
  return schema;
}

export function int(fallback: number, range: { min: number; max: number; step?: number }, words: Words) {
  const schema = z.number().int().min(range.min).max(range.max).default(fallback);
  controls.add(schema, {
    kind: 'number',
    integer: true,
    step: range.step ?? 1,
    min: range.min,
    max: range.max,
    ...words,
  });
  return schema;
}

export function bool(fallback: boolean, words: Words) {
  const schema = z.boolean().default(fallback);
  controls.add(schema, { kind: 'boolean', ...words });
  return schema;
}

export function choice<const C extends string>(fallback: NoInfer<C>, choices: readonly C[], words: Words) {
  const schema = z.literal(choices).default(fallback);
  controls.add(schema, { kind: 'choice', choices, ...words });
  return schema;
}

export function text(fallback: string, maxLength: number, words: Words) {
  const schema = z.string().max(maxLength).default(fallback);
  controls.add(schema, { kind: 'text', maxLength, ...words });
  return schema;
}

/** A choice among the weights that this browser keeps, none at first. A link may name some that are not here. */
export function checkpoint(words: Words) {
  const maxLength = 100;
  const schema = z.string().max(maxLength).default('');
  controls.add(schema, { kind: 'checkpoint', maxLength, ...words });
  return schema;
}

export function numbers(fallback: number[], range: { length: number; min: number; max: number }, words: Words) {
  const schema = z.array(z.number().int().min(range.min).max(range.max)).length(range.length).default(fallback);
  controls.add(schema, { kind: 'numbers', ...range, ...words });
  return schema;
}

/** The control of an option made by the builders above. */
export function controlOf(schema: z.ZodType): OptionControl {
  const control = controls.get(schema);
  if (!control) throw new Error('This option was not made by a builder of catalog/define.ts.');
  return control;
}

// ---- parts ---------------------------------------------------------------------------------------------------------

export type Stage = 'data' | 'model' | 'augmentation' | 'mixing' | 'loss' | 'optimizer' | 'schedule' | 'scale' | 'stop';

export interface Paper {
  title: string;
  url: string;
}

export interface Part<S extends z.ZodObject = z.ZodObject> {
  /** kebab-case; the key in links, so it never changes. */
  id: string;
  label: string;
  /** One sentence for a person. */
  summary: string;
  paper?: Paper;
  options: S;
  /** The option that is said with the label, where there are several: '+ label smoothing .1'. */
  leading?: keyof z.output<S> & string;
  /** What will not work, or not do what it says, in the run that it is chosen for: a sentence each. */
  warn?(options: z.output<S>, run: Surroundings): string[];
}

/**
 * How a choice is said in timm's train.py: arguments, or why it can't be said. lacking: what the arguments leave for the user to
 * do, for a person.
 */
export type TimmExport = { args: string[]; lacking?: string } | { impossible: string };

// ---- sample stage: image operations ----------------------------------------------------------------------------------

export type { ImageOp } from './image-ops';

/** Of a training image. Images that are evaluated are never touched by a trick, and have no moment. */
export interface SampleContext {
  /** The trick's own stream for (seed, epoch, sample). */
  rng: Rng;
  /** The trick's own stream for (seed, sample), the same in every epoch. */
  lasting: () => Rng;
  /** Whole epochs done, from 0. */
  epoch: number;
  /** Number of the sample in its split, the same in every epoch. */
  sampleIndex: number;
  /** Size of the image at that point, pixels. */
  width: number;
  height: number;
  /** Side of the square the network takes, pixels. */
  size: number;
  /** Channel mean and std of the dataset's training pixels in [0, 1], with which the GPU normalises. */
  mean: Rgb;
  std: Rgb;
}

// ---- batch stage: mixing ---------------------------------------------------------------------------------------------

/** How a batch is mixed with its own reverse; lambda is the weight of the image in its own place. */
export type MixPlan =
  | { kind: 'none' }
  | { kind: 'mixup'; lambda: number }
  /** Pixels of the box [x0, x1) x [y0, y1) come from the partner; lambda = 1 - area share. */
  | { kind: 'cutmix'; lambda: number; box: { x0: number; y0: number; x1: number; y1: number } };

export interface BatchContext {
  /** The stream for (seed, epoch, micro-batch). */
  rng: Rng;
  at: Moment;
  /** Side of the input image, pixels. */
  size: number;
}

// ---- plans of general mechanisms, filled in by tricks ------------------------------------------------------------------

export interface DistillationPlan {
  /** Id of the teacher's weights, as the page keeps them. */
  teacher: string;
  temperature: number;
  /** Factors of the cross-entropy with the targets and of T^2 * KL(teacher || student). */
  taskWeight: number;
  distillWeight: number;
}

export interface LossPlan {
  /** Label smoothing e at a moment: target 1-e+e/K, others e/K. Targets are written for every batch, so that it costs nothing to vary. */
  smoothing: (at: Moment) => number;
  distillation?: DistillationPlan;
}

export type { OptimizerPlan };

export interface ModelPlan {
  /** gamma of the last norm of every residual block starts at 0. */
  zeroGamma: boolean;
  /** Share of images that skip the last residual block; block i of N has rate * i / (N - 1). */
  dropPath: number;
  /** Share of the classifier's input that is zeroed. */
  dropout: number;
}

/** A model without any trick. */
export const plainModel: ModelPlan = { zeroGamma: false, dropPath: 0, dropout: 0 };

export interface ScalePlan {
  /** Micro-batches per update. */
  accumulation: number;
  /** Equal parts of a micro-batch that stand for cards of their own. */
  replicas: number;
  /** Replicas share the statistics of batch norm. */
  syncBatchNorm: boolean;
  /** Activations and their gradients as f16, those gradients times lossScale; or all in f32, unscaled. */
  precision: { half: boolean; lossScale: number };
}

/** What a trick cannot do without. */
export interface DeviceNeed {
  /** A WebGPU feature. */
  feature: string;
  /** For a person whose device lacks it. */
  otherwise: string;
}

export interface RateContext extends RunLength {
  /** Rate after linear scaling. */
  baseLr: number;
}

/** Update index from 0 -> learning rate. */
export type Rate = (update: number) => number;

// ---- warnings ----------------------------------------------------------------------------------------------------------

/** The run that a part is chosen for, planned: what its warnings can go by. */
export interface Surroundings extends RunLength {
  dataset: Dataset;
  model: Model;
  /** Side of the input image, pixels. */
  size: number;
  /** Images per micro-batch. */
  batch: number;
  /** Images that are trained on, as far as is known before the dataset is read. */
  trainImages: number;
  /** Micro-batches per update, and whole ones in an epoch, at least 1. */
  accumulation: number;
  microBatchesPerEpoch: number;
  replicas: number;
  /** Parts of a micro-batch that batch norm normalises by their own statistics. */
  normGroups: number;
  /** Epochs of the run, fractional where it ends inside one; those that are left to the schedule after a warmup. */
  epochs: number;
  scheduledEpochs: number;
  /** The rate that schedules start from, and that of every update. */
  baseLr: number;
  lr: Rate;
  /** Some trick mixes batches. */
  mixing: boolean;
  loss: LossPlan;
  optimizer: OptimizerPlan;
}

// ---- definitions -------------------------------------------------------------------------------------------------------

export interface Trick<S extends z.ZodObject = z.ZodObject> extends Part<S> {
  paper: Paper;
  stage: Stage;
  /** On in the default experiment. */
  on: boolean;
  needs?: DeviceNeed;
  /** Ids of tricks that cannot be on at the same time. Said at one of the two: see rivalsOf. */
  excludes?: readonly string[];
  /** run: of how many epochs. */
  timm(options: z.output<S>, run: { epochs: number }): TimmExport;
  /** Its operations decide the size of the image. What acts on pixels comes after the size is right. */
  crops?: true;
  /** Image operations for one training sample, in registry order. */
  sample?(options: z.output<S>, context: SampleContext): ImageOp[];
  /** Mix plan of one micro-batch; of several such tricks each micro-batch takes one by chance. */
  batch?(options: z.output<S>, context: BatchContext): MixPlan;
  /** Whether batches are still mixed; one trick that says no ends all mixing. */
  mixes?(options: z.output<S>, at: Moment): boolean;
  loss?(options: z.output<S>): Partial<LossPlan>;
  /** What may vary in time, the weight decay, is a function of the moment. */
  optimizer?(options: z.output<S>): Partial<Omit<OptimizerPlan, 'rule'>>;
  model?(options: z.output<S>): Partial<ModelPlan>;
  scale?(options: z.output<S>): Partial<ScalePlan>;
  /** Factor on the base rate, from the images per update and how the optimizer's rate follows them. */
  scaleRate?(options: z.output<S>, imagesPerUpdate: number, scaling: Optimizer['scaling']): number;
  /** Wraps the schedule: warmup. */
  rate?(options: z.output<S>, inner: (context: RateContext) => Rate, context: RateContext): Rate;
}

export interface Schedule<S extends z.ZodObject = z.ZodObject> extends Part<S> {
  timm(options: z.output<S>): TimmExport;
  rate(options: z.output<S>, context: RateContext): Rate;
}

export interface Optimizer<S extends z.ZodObject = z.ZodObject> extends Part<S> {
  /** How its rate grows with the batch: in proportion, or (Adam and its kin) with the square root. */
  scaling: 'linear' | 'square-root';
  timm(options: z.output<S>): TimmExport;
  plan(options: z.output<S>): OptimizerPlan;
}

export interface ModelContext extends ModelPlan {
  classes: number;
  /** Side of the input image, pixels. */
  size: number;
}

export interface Model<S extends z.ZodObject = z.ZodObject> extends Part<S> {
  /** It normalises by the statistics of the batch. */
  batchNorm: boolean;
  /** Its residual blocks end in a norm whose gamma the plan's zeroGamma starts at 0. */
  zeroGamma: boolean;
  timm(options: z.output<S>): TimmExport;
  /** x [batch, size, size, 3] -> logits [batch, classes]. Called anew for every forward pass. */
  forward<T>(nn: Layers<T>, x: T, options: z.output<S>, context: ModelContext): T;
}

export interface Dataset<S extends z.ZodObject = z.ZodObject> extends Part<S> {
  license: string;
  credit: string;
  classes: number;
  /** Short side of the stored images, pixels. */
  imageSide: number;
  trainImages: number;
  /** What augmentations can count on. */
  pictures: Pictures;
  /** Path of _info.json below the site's root, or how the options say it. */
  infoUrl(options: z.output<S>): string;
  /** What it holds is known only when its index is read. */
  brought?: true;
  /**
   * Channel mean and std of training pixels in [0, 1]; normalisation on the GPU. Of a dataset that a user brings (`brought`) they
   * stand for those of its index, or measured ones, until that is read.
   */
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
}

// Hooks are declared as methods: a part whose options are known fits where any part does.
export const definePart = <S extends z.ZodObject>(part: Part<S>): Part => part;
export const defineTrick = <S extends z.ZodObject>(trick: Trick<S>): Trick => trick;
export const defineSchedule = <S extends z.ZodObject>(schedule: Schedule<S>): Schedule => schedule;
export const defineOptimizer = <S extends z.ZodObject>(optimizer: Optimizer<S>): Optimizer => optimizer;
export const defineModel = <S extends z.ZodObject>(model: Model<S>): Model => model;
export const defineDataset = <S extends z.ZodObject>(dataset: Dataset<S>): Dataset => dataset;
