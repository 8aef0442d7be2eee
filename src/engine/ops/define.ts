/**
 * The contract of an op: all that is known of it stands in one declaration, in its folder. Kernels, their registration with tfjs's
 * tape, the reference engine, the layer that models call, the shapes and costs of the estimate and the tests follow from it.
 * Declarations import no tfjs: who runs them passes it in, so that the page may read shapes and costs without an engine.
 */
import type * as tfjs from '@tensorflow/tfjs-core';
import type { Tensor, TensorInfo, Variable } from '@tensorflow/tfjs-core';
import type { ParameterSpec } from '../../core/parameter';
import type { Shape } from '../../core/shape';
import type { Gpu } from '../gpu/dispatch';
import type { Kernel } from '../gpu/kernel';
import type { Array64 } from './array64';

export type Tf = typeof tfjs;

/**
 * What an input is: an activation (what lies between layers; f16 where the plan asks for it), a parameter (learned), a state
 * (running statistics, moved in place), or a constant (labels, counters: no gradient).
 */
export type Role = 'activation' | 'parameter' | 'state' | 'constant';
/** `?`: may be left out. */
export type Inputs = Readonly<Record<string, `${Role}${'' | '?'}`>>;

type OptionalNames<I> = { [N in keyof I]: I[N] extends `${string}?` ? N : never }[keyof I];

/** One T for each input. */
export type Given<I, T, S = T> = {
  [N in Exclude<keyof I, OptionalNames<I>>]: I[N] extends 'state' ? S : T;
} & { [N in OptionalNames<I>]?: T | undefined };

export interface Cost {
  /** Multiply-adds of convolutions and linear layers, as the papers count them. */
  macs?: number;
  /** Multiply-adds of q k^T and of its product with v. */
  attentionMacs?: number;
  /** Numbers that are kept for the backward pass; those of the output unless told. */
  saved?: number;
  /** Numbers in the largest tensor that is made; those of the output unless told. */
  largest?: number;
}

/** Gradients by input, each computed when it is asked for. out: its place, if that is known; writing there spares a copy. */
export type Gradients<I> = Partial<Record<keyof I, (out?: TensorInfo) => TensorInfo>>;

/** The op as our own WGSL. */
export interface Kernels<I extends Inputs, A, O extends string, K extends string> {
  /** All outputs, written by the kernels' own dispatches. */
  forward(gpu: Gpu, inputs: Given<I, TensorInfo>, attributes: A): Record<O, TensorInfo>;
  /** Names of the inputs, always given, and outputs that the gradients read. */
  keeps(attributes: A): readonly (K & (keyof I | O))[];
  /**
   * dy: the gradient of the first output; the others have none. given: shapes of the inputs that the call had. Not there: an op of evaluation
   * alone.
   */
  gradients?(
    gpu: Gpu,
    dy: TensorInfo,
    kept: Readonly<Record<K, TensorInfo>>,
    attributes: A,
    given: Given<I, Shape>,
  ): Gradients<I>;
}

/** How a test fills an input; as `numbers` unless told. */
export type Filling =
  /** [-1, 1). */
  | 'numbers'
  /** [-4, 4), away from 0 and from -3 and 3, where functions have kinks. */
  | 'wide'
  /** All different by at least 1/256. */
  | 'distinct'
  /** Above 1/4: variances. */
  | 'positive'
  /** Rows [classes] that sum to 1. */
  | 'shares'
  /** Whole numbers below the size of the first input's last axis. */
  | 'labels'
  /** [1]: the number 5. */
  | 'counter';

/** An input of the contract test: shapes, odd ones too, and the attributes. */
export interface Case<I, A> {
  name: string;
  inputs: Partial<Record<keyof I, Shape>>;
  attributes: A;
}

export interface Op<I extends Inputs = Inputs, A = unknown, O extends string = string, K extends string = string> {
  /** camelCase; unique. */
  name: string;
  inputs: I;
  /** Names of the outputs; the first is what layers get. */
  outputs: readonly [O, ...O[]];
  /** Shape of the first output. Throws, in words, where the inputs do not fit. */
  shape(inputs: Given<I, Shape>, attributes: A): Shape;
  /** Throws, in words, where the op cannot be computed though its shape is known. */
  check?(inputs: Given<I, Shape>, attributes: A): void;
  cost?(inputs: Given<I, Shape>, attributes: A): Cost;
  /** Undefined: the op is not recorded, slow and right. */
  kernels?: Kernels<I, A, O, K> | undefined;
  /** Of the kernels, those that have variants for the tuner to choose from, all with the same bits. */
  tuned?: readonly Kernel[];
  /** The same from plain tfjs ops with gradients, on every backend: the fallback, and what the kernels are tested against. */
  reference(tf: Tf, inputs: Given<I, Tensor, Variable>, attributes: A): Partial<Record<O, Tensor>>;
  /** The first output in plain loops of fp64, read off the definition: what gradients are differentiated from. */
  float64(inputs: Given<I, Array64>, attributes: A): Array64;
  fillings?: Partial<Record<keyof I, Filling>>;
  cases: readonly Case<I, A>[];
}

/** Declares an op with attributes A; its other types are those of the words. */
export const defineOp =
  <A extends object = object>() =>
  <const I extends Inputs, const O extends string, const K extends string = never>(
    op: Op<I, A, O, K>,
  ): Op<I, A, O, K> =>
    op;

/**
 * What layers are written over, whatever T is: tensors (engine/layers.ts), or shapes alone (experiment/shape-layers.ts counts
 * parameters, multiply-adds and bytes with the same code).
 */
export interface Context<T> {
  shape(x: T): number[];
  /** Batch statistics, dropout and drop path when true; running statistics when false. */
  training: boolean;
  /** Seed of the run. */
  seed: number;
  /** Into how many equal parts training batch norm cuts the batch: replicas that do not share their statistics. */
  normGroups: number;
  /** Number of the micro-batch in its run, int32 [1]: another one, other dropout masks. */
  microBatch(): T;
  /** The learned tensor of a state-dict name, made on first use. */
  parameter(name: string, spec: ParameterSpec): T;
  /** The running statistic of a name, filled with a value on first use. */
  state(name: string, shape: Shape, fill: number): T;
  reshape(x: T, shape: Shape): T;
  /** The first output of an op. */
  apply<I extends Inputs, A, O extends string, K extends string>(
    op: Op<I, A, O, K>,
    inputs: Given<I, T>,
    attributes: A,
  ): T;
}

/** Several results of one computation, run when the first of them is asked for. */
export function together<N extends string>(compute: () => Record<N, TensorInfo>): (name: N) => TensorInfo {
  let results: Record<N, TensorInfo> | undefined;
  return (name) => {
    results ??= compute();
    return results[name];
  };
}

/** How many numbers a thread takes at once: VEC and the vectors in a row of so many channels. */
export const vectorsOf = (channels: number): { VEC: number; perRow: number } =>
  channels % 4 === 0 ? { VEC: 1, perRow: channels / 4 } : { VEC: 0, perRow: channels };

/** Throws, in words, where an op cannot be computed for inputs of these shapes. */
export function checkInputs<I extends Inputs, A, O extends string, K extends string>(
  op: Op<I, A, O, K>,
  inputs: Given<I, Tensor, Variable>,
  attributes: A,
): void {
  const given = Object.entries<Tensor | undefined>(inputs).flatMap(([name, x]) =>
    x ? [[name, x.shape] as const] : [],
  );
  const shapes = Object.fromEntries(given) as unknown as Given<I, Shape>;
  op.shape(shapes, attributes);
  op.check?.(shapes, attributes);
}
