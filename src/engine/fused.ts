/**
 * Runs ops by their own kernels: each is registered with tfjs as a kernel with its gradient, so that tfjs's tape records it like its
 * own. Outputs and gradients are TensorInfos that the kernels' own dispatches wrote.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '../core/shape';
import { type Gpu, gpu } from './gpu/dispatch';
import { dispatchAdd } from './ops/add';
import { checkInputs, type Given, type Inputs, type Op } from './ops/define';
import { runReference } from './reference';
import type { Engine } from './trainer';

/** Where gradients of parameters belong. */
export interface GradientPlaces {
  /**
   * The place for the gradient of a kernel's input; undefined if the input is no parameter, or one whose place was claimed
   * before in this pass: the tape adds up what a parameter receives from several kernels.
   */
  claim(input: tf.TensorInfo): tf.TensorInfo | undefined;
}

/** A backward pass of kernels, whose tensors are all the tape's own. */
interface Pass {
  places: GradientPlaces;
  /** The backward part has begun: a sum is then one of gradients. */
  begun: boolean;
  /**
   * Tensors whose last reader has run: dy and saved inputs of the node that the tape has just left. tfjs itself frees both only
   * after the whole backward pass, which would double the memory of a step.
   */
  finished: tf.Tensor[];
}

/** Passes are synchronous, and one device runs one at a time. */
const passes = new WeakMap<Gpu, Pass>();

function releaseFinished(pass: Pass): void {
  for (const tensor of pass.finished) tensor.dispose();
  pass.finished = [];
}

/**
 * Runs a backward pass of kernels, whose tensors are then freed as soon as their last reader has run, and whose gradients of
 * parameters go to their places at once.
 */
export function freeingEarly<T>(places: GradientPlaces, run: () => T): T {
  const device = gpu();
  const pass: Pass = { places, begun: false, finished: [] };
  passes.set(device, pass);
  try {
    return run();
  } finally {
    releaseFinished(pass);
    passes.delete(device);
  }
}

/** Computes a gradient into its place, if it has one. */
function settled(input: tf.TensorInfo | undefined, compute: (out?: tf.TensorInfo) => tf.TensorInfo): tf.TensorInfo {
  const out = input && passes.get(gpu())?.places.claim(input);
  const gradient = compute(out);
  if (!out) return gradient;
  if (gradient.dataId !== out.dataId) {
    gpu().copy(gradient, out);
    gpu().release(gradient);
  }
  return { ...out, shape: gradient.shape };
}

/** What the tape keeps of a call: the attributes, and the inputs, whose gradients may have a place. */
interface Kept {
  attributes: unknown;
  inputs: Readonly<Record<string, tf.TensorInfo>>;
}

const keptOf = (attributes: tf.NamedAttrMap | undefined) => attributes as unknown as Kept;

/** Registers what an op does with these attributes, once; returns tfjs's name for it. */
function registered<I extends Inputs, A, O extends string, K extends string>(
  op: Op<I, A, O, K>,
  attributes: A,
): string {
  const { kernels } = op;
  if (!kernels) throw new Error(`The op ${op.name} has no kernels.`);
  const keeps = kernels.keeps(attributes) as readonly string[];
  const kernelName = `Tricklab ${op.name} ${keeps.join()}`;
  if (tf.getKernel(kernelName, 'webgpu')) return kernelName;
  const savedInputs = keeps.filter((name) => name in op.inputs);
  tf.registerKernel({
    kernelName,
    backendName: 'webgpu',
    kernelFunc({ inputs, attrs }) {
      const results = kernels.forward(
        gpu(),
        inputs as unknown as Given<I, tf.TensorInfo>,
        keptOf(attrs).attributes as A,
      );
      return op.outputs.map((name) => results[name]);
    },
  });
  const { gradients } = kernels;
  if (gradients) {
    tf.registerGradient({
      kernelName,
      inputsToSave: savedInputs,
      outputsToSave: op.outputs.map((name) => keeps.includes(name)),
      gradFunc(dy, saved, attrs) {
        const pass = passes.get(gpu());
        if (pass) {
          pass.begun = true;
          releaseFinished(pass);
        }
        // What an output that nobody used receives is zeros on the CPU: only the first one's is read.
        const dys = Array.isArray(dy) ? dy : [dy];
        const { attributes: given, inputs } = keptOf(attrs);
        const names = [...savedInputs, ...op.outputs.filter((name) => keeps.includes(name))];
        const kept = Object.fromEntries(names.map((name, i) => [name, saved[i] as tf.Tensor]));
        const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
        const computed = gradients(
          gpu(),
          dys[0] as tf.Tensor,
          kept as unknown as Readonly<Record<K, tf.TensorInfo>>,
          given as A,
          shapes as unknown as Given<I, Shape>,
        );
        if (pass) pass.finished = [...dys, ...saved];
        return Object.fromEntries(
          Object.entries<((out?: tf.TensorInfo) => tf.TensorInfo) | undefined>(computed).flatMap(([name, compute]) =>
            compute ? [[name, () => tf.engine().makeTensorFromTensorInfo(settled(inputs[name], compute))]] : [],
          ),
        );
      },
    });
  }
  return kernelName;
}

function runFused<I extends Inputs, A, O extends string, K extends string>(
  op: Op<I, A, O, K>,
  inputs: Given<I, tf.Tensor, tf.Variable>,
  attributes: A,
): Partial<Record<O, tf.Tensor>> {
  // What does not fit is said before a shader reads past its end.
  checkInputs(op, inputs, attributes);
  if (!op.kernels) {
    if (gpu().recording)
      throw new Error(
        `The op ${op.name} has no kernels yet, so it can't be recorded: train with the reference engine.`,
      );
    return runReference(op, inputs, attributes);
  }
  const given = Object.entries<tf.Tensor | undefined>(inputs);
  const present: tf.NamedTensorMap = Object.fromEntries(given.flatMap(([name, x]) => (x ? [[name, x]] : [])));
  const kept: Kept = { attributes, inputs: present };
  const results = tf.engine().runKernel(registered(op, attributes), present, kept as unknown as tf.NamedAttrMap) as
    | tf.Tensor
    | tf.Tensor[];
  const list = Array.isArray(results) ? results : [results];
  return Object.fromEntries(op.outputs.map((name, i) => [name, list[i]])) as Record<O, tf.Tensor>;
}

/** Our own kernels. Needs the WebGPU backend. */
export const fusedEngine: Engine = { name: 'fused', run: runFused };

/** Of two gradients of one tensor, whose first has no other reader: takes that one's place. */
function sum(a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
  const device = gpu();
  if (passes.get(device)?.begun && device.isExclusive(a)) {
    const y = device.alias(a);
    dispatchAdd(device, { b, y });
    return y;
  }
  const y = device.activation(a.shape);
  dispatchAdd(device, { a, b, y });
  return y;
}

/**
 * Puts our sum of equal shapes in the place of tfjs's for WebGPU, since tfjs's tape adds up gradients with it; other sums stay
 * tfjs's. Call once per page.
 */
export function replaceAdd(): void {
  const stock = tf.getKernel(tf.Add, 'webgpu');
  tf.unregisterKernel(tf.Add, 'webgpu');
  tf.registerKernel({
    ...stock,
    kernelFunc: (params) => {
      const { a, b } = params.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      const plain = a.dtype === 'float32' && b.dtype === 'float32' && tf.util.arraysEqual(a.shape, b.shape);
      if (!plain || tf.util.sizeFromShape(a.shape) === 0) return stock.kernelFunc(params);
      const pass = passes.get(gpu());
      // The second gradient has no other reader.
      if (pass?.begun && b instanceof tf.Tensor) pass.finished.push(b);
      return sum(a, b);
    },
  });
}
