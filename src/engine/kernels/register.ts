/**
 * Registers a fused kernel with tfjs: kernel and gradient in one declaration, so that tfjs's tape records it like its own.
 * Outputs and gradients are TensorInfos that the kernel's own dispatches wrote.
 */
import * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../gpu/dispatch';

export interface Fused<A extends object> {
  forward(inputs: Record<string, tf.TensorInfo | undefined>, attributes: A): tf.TensorInfo | tf.TensorInfo[];
  /** Inputs that the gradients read; they must always be given. */
  saved?: readonly string[];
  /** Outputs that the gradients read, after the saved inputs. */
  savedOutputs?: readonly boolean[];
  /**
   * Gradients by input name, each computed when it is asked for, and only then. dy by output; what an output that nobody used
   * receives is zeros on the CPU: don't read those. saved: inputs, then outputs. out: where the gradient will end up, if that is
   * known; a kernel that writes there spares a copy.
   */
  backward?(dy: Tensors, saved: Tensors, attributes: A): Record<string, (out?: tf.TensorInfo) => tf.TensorInfo>;
}

/** Where gradients of parameters belong. */
export interface GradientPlaces {
  /**
   * The place for the gradient of a kernel's input; undefined if the input is no parameter, or one whose place was claimed
   * before in this pass: the tape adds up what a parameter receives from several kernels.
   */
  claim(input: tf.TensorInfo): tf.TensorInfo | undefined;
}

/** As many as the declaration says. */
type Tensors = tf.Tensor[] & { 0: tf.Tensor; 1: tf.Tensor; 2: tf.Tensor; 3: tf.Tensor };

/**
 * Tensors whose last reader has run: dy and saved inputs of the node that the tape has just left. tfjs itself frees both only
 * after the whole backward pass, which would double the memory of a step.
 */
let finished: tf.Tensor[] = [];
/** Within freeingEarly, whose tensors are all the tape's own. */
let freeing = false;
/** Of the pass in freeingEarly. */
let places: GradientPlaces | undefined;
/** The backward pass has begun: a sum is then one of gradients. */
let inBackward = false;

function releaseFinished(): void {
  for (const tensor of finished) tensor.dispose();
  finished = [];
}

/**
 * Runs a backward pass of fused kernels, whose tensors are then freed as soon as their last reader has run, and whose gradients
 * of parameters go to their places at once.
 */
export function freeingEarly<T>(of: GradientPlaces, pass: () => T): T {
  freeing = true;
  places = of;
  try {
    return pass();
  } finally {
    releaseFinished();
    freeing = false;
    places = undefined;
    inBackward = false;
  }
}

/** Computes a gradient into its place, if it has one. */
function settled(input: tf.TensorInfo | undefined, compute: (out?: tf.TensorInfo) => tf.TensorInfo): tf.TensorInfo {
  const out = input && places?.claim(input);
  const gradient = compute(out);
  if (!out) return gradient;
  if (gradient.dataId !== out.dataId) {
    gpu().copy(gradient, out);
    gpu().release(gradient);
  }
  return { ...out, shape: gradient.shape };
}

/** What the tape keeps of a call: the attributes, and the inputs, whose gradients may have a place. */
interface Kept<A> {
  attributes: A;
  inputs: Record<string, tf.TensorInfo>;
}

/** Registers the kernel for the WebGPU backend; returns the function that runs it and gives all its outputs. */
export function registerFused<A extends object>(
  kernelName: string,
  { forward, saved = [], savedOutputs = [], backward }: Fused<A>,
): (inputs: Record<string, tf.Tensor>, attributes: A) => tf.Tensor[] {
  tf.registerKernel({
    kernelName,
    backendName: 'webgpu',
    kernelFunc: ({ inputs, attrs }) => forward(inputs, (attrs as unknown as Kept<A>).attributes),
  });
  if (backward) {
    tf.registerGradient({
      kernelName,
      inputsToSave: [...saved],
      outputsToSave: [...savedOutputs],
      gradFunc: (dy, kept, attrs) => {
        inBackward = freeing;
        releaseFinished();
        const dys = Array.isArray(dy) ? dy : [dy];
        const { attributes, inputs } = attrs as unknown as Kept<A>;
        const gradients = backward(dys as Tensors, kept as Tensors, attributes);
        if (freeing) finished = [...dys, ...kept];
        return Object.fromEntries(
          Object.entries(gradients).map(([name, compute]) => [
            name,
            () => tf.engine().makeTensorFromTensorInfo(settled(inputs[name], compute)),
          ]),
        );
      },
    });
  }
  return (inputs, attributes) => {
    const kept = { attributes, inputs } satisfies Kept<A>;
    const result = tf.engine().runKernel(kernelName, inputs as tf.NamedTensorMap, kept as unknown as tf.NamedAttrMap) as
      | tf.Tensor
      | tf.Tensor[];
    return Array.isArray(result) ? result : [result];
  };
}

/** Several results of one computation, run when the first of them is asked for. */
export function together<K extends string>(compute: () => Record<K, tf.TensorInfo>): (name: K) => tf.TensorInfo {
  let results: Record<K, tf.TensorInfo> | undefined;
  return (name) => {
    results ??= compute();
    return results[name];
  };
}

/** A sum that is made now is one of gradients, which the tape owns. */
export const sumsGradients = (): boolean => inBackward;

/** Called by the sum that the tape makes of two gradients of one tensor: the second one has no other reader. */
export function noteAdded(b: tf.TensorInfo): void {
  if (inBackward && b instanceof tf.Tensor) finished.push(b);
}

/** The tensor as a kernel result of its own: same values, no dispatch. */
export function shared(x: tf.TensorInfo, shape: number[] = x.shape): tf.TensorInfo {
  gpu().retain(x);
  return { dataId: x.dataId, shape, dtype: x.dtype };
}
