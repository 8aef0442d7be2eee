/** Functions of single numbers, sums, and masks, registered with their gradients. */
import * as tf from '@tensorflow/tfjs-core';
import { hashName } from '../../../core/rng';
import { gpu } from '../../gpu/dispatch';
import type { DropSettings } from '../../ops';
import { noteAdded, registerFused, shared, sumsGradients } from '../register';
import addText from './add.wgsl?raw';
import dropText from './drop.wgsl?raw';
import unaryText from './unary.wgsl?raw';

/** Numbers that a thread takes at a time, and threads. */
function vectors(x: tf.TensorInfo) {
  const size = tf.util.sizeFromShape(x.shape);
  const vec = size % 4 === 0;
  return { VEC: Number(vec), threads: vec ? size / 4 : size };
}

function unary(kernelName: string, code: number): (x: tf.Tensor) => tf.Tensor {
  const apply = (x: tf.TensorInfo, dy?: tf.TensorInfo) => {
    const { VEC, threads } = vectors(x);
    const y = gpu().activation(x.shape);
    gpu().dispatch({
      kernel: {
        name: kernelName,
        text: unaryText,
        constants: { VEC, FUNCTION: code, GRADIENT: Number(dy !== undefined) },
      },
      inputs: dy ? [x, dy] : [x],
      outputs: [y],
      u32: [threads],
      threads,
    });
    return y;
  };
  const run = registerFused<object>(kernelName, {
    forward: ({ x }) => apply(x as tf.TensorInfo),
    saved: ['x'],
    backward: ([dy], [x]) => ({ x: () => apply(x, dy) }),
  });
  return (x) => run({ x }, {})[0] as tf.Tensor;
}

/** x times the normal distribution function, exact. Hendrycks and Gimpel 2016 (arXiv 1606.08415). */
export const gelu = unary('TricklabGelu', 0);
/** x * sigmoid(x). */
export const swish = unary('TricklabSwish', 1);
export const relu = unary('TricklabRelu', 2);

/** Of two gradients of one tensor, whose first has no other reader: takes that one's place. */
function sum(a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
  const { VEC, threads } = vectors(a);
  const inPlace = sumsGradients() && gpu().isExclusive(a);
  const y = inPlace ? shared(a) : gpu().activation(a.shape);
  gpu().dispatch({
    kernel: { name: 'add', text: addText, constants: { VEC, IN_PLACE: Number(inPlace) } },
    inputs: inPlace ? [b] : [b, a],
    outputs: [y],
    u32: [threads],
    threads,
  });
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
      noteAdded(b);
      return sum(a, b);
    },
  });
}

interface DropAttributes {
  perDraw: number;
  seed: number;
  name: string;
  rate: number;
}

function masked(x: tf.TensorInfo, step: tf.TensorInfo, { perDraw, seed, name, rate }: DropAttributes): tf.TensorInfo {
  const y = gpu().activation(x.shape);
  const size = tf.util.sizeFromShape(x.shape);
  gpu().dispatch({
    kernel: { name: 'drop', text: dropText, constants: {} },
    inputs: [x, step],
    outputs: [y],
    u32: [size, perDraw, seed >>> 0, hashName(name)],
    f32: [rate],
    threads: size,
  });
  return y;
}

const runDrop = registerFused<DropAttributes>('TricklabDrop', {
  forward: ({ x, step }, attributes) => masked(x as tf.TensorInfo, step as tf.TensorInfo, attributes),
  saved: ['step'],
  // The mask is drawn again: cheaper than keeping it.
  backward: ([dy], [step], attributes) => ({ x: () => masked(dy, step, attributes) }),
});

/** See Ops.drop. */
export function drop(x: tf.Tensor, { rate, seed, name, step, per }: DropSettings): tf.Tensor {
  const clock = typeof step === 'number' ? tf.tensor1d([step], 'int32') : step;
  const perDraw = per === 'sample' ? x.size / (x.shape[0] as number) : 1;
  return runDrop({ x, step: clock }, { perDraw, seed, name, rate })[0] as tf.Tensor;
}
