/** Functions of single numbers: one shader, a letter of it for each. */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../../core/shape';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { map64 } from '../array64';
import { type Context, defineOp, type Filling, type Tf, vectorsOf } from '../define';
import activationsText from './activations.wgsl?raw';

interface Activation {
  name: string;
  /** Which one, in the shader. */
  code: number;
  reference(tf: Tf, x: Tensor): Tensor;
  float64(x: number): number;
  filling: Filling;
}

/** An activation from its name to its layer. */
function activation({ name, code, reference, float64, filling }: Activation) {
  const kernel = kernelOf({
    name,
    body: activationsText,
    tensors: { x: 'read V', dy: 'read V?', y: 'write V' },
    uniforms: { size: 'u32' },
    constants: ['VEC', 'FUNCTION'],
  });
  const dispatch = (gpu: Gpu, x: TensorInfo, dy?: TensorInfo) => {
    const { VEC, perRow } = vectorsOf(sizeOf(x.shape));
    const y = gpu.activation(x.shape);
    gpu.dispatch(kernel, {
      tensors: { x, dy, y },
      uniforms: { size: perRow },
      constants: { VEC, FUNCTION: code },
      threads: perRow,
    });
    return y;
  };
  const op = defineOp()({
    name,
    inputs: { x: 'activation' },
    outputs: ['y'],
    shape: ({ x }) => x,
    kernels: {
      forward: (gpu, { x }) => ({ y: dispatch(gpu, x) }),
      keeps: () => ['x'],
      gradients: (gpu, dy, { x }) => ({ x: () => dispatch(gpu, x, dy) }),
    },
    reference: (tf, { x }) => ({ y: reference(tf, x) }),
    float64: ({ x }) => map64(x, float64),
    fillings: { x: filling },
    cases: [
      { name: 'over vec4', inputs: { x: [2, 16] }, attributes: {} },
      { name: 'over an odd size', inputs: { x: [3, 7] }, attributes: {} },
      { name: 'over one number', inputs: { x: [1] }, attributes: {} },
    ],
  });
  return {
    op,
    layer:
      <T>({ apply }: Context<T>) =>
      (x: T): T =>
        apply(op, { x }, {}),
  };
}

/** With its own gradient: fewer ops, and less kept for the backward pass, than a taped chain. */
const closedForm = (
  tf: Tf,
  x: Tensor,
  forward: (x: Tensor) => Tensor,
  backward: (dy: Tensor, x: Tensor) => Tensor,
): Tensor =>
  tf.customGrad((...args) => {
    const [input, save] = args as unknown as [Tensor, (tensors: Tensor[]) => void];
    save([input]);
    return { value: forward(input), gradFunc: (dy: Tensor, saved: Tensor[]) => backward(dy, saved[0] as Tensor) };
  })(x);

/**
 * The integral of exp(-t^2) from 0 to x, times 2 / sqrt(pi): exp(-x^2) times a series of terms of one sign (Abramowitz and Stegun
 * 7.1.6), without cancellation.
 */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const sigmoid64 = (x: number) => 1 / (1 + Math.exp(-x));
const hardSigmoid64 = (x: number) => Math.min(1, Math.max(0, (x + 3) / 6));

/** x times the normal distribution function, exact. Hendrycks and Gimpel 2016 (arXiv 1606.08415). */
export const gelu = activation({
  name: 'gelu',
  code: 0,
  reference(tf, x) {
    const below = (v: Tensor) => tf.mul(tf.add(tf.erf(tf.mul(v, Math.SQRT1_2)), 1), 0.5);
    return closedForm(
      tf,
      x,
      (v) => tf.mul(v, below(v)),
      (dy, v) => {
        const density = tf.mul(tf.exp(tf.mul(tf.square(v), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return tf.mul(dy, tf.add(below(v), tf.mul(v, density)));
      },
    );
  },
  float64: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
  filling: 'wide',
});

/** x * sigmoid(x). Ramachandran et al. 2017 (arXiv 1710.05941). */
export const swish = activation({
  name: 'swish',
  code: 1,
  reference: (tf, x) =>
    closedForm(
      tf,
      x,
      (v) => tf.mul(v, tf.sigmoid(v)),
      (dy, v) => {
        const s = tf.sigmoid(v);
        return tf.mul(dy, tf.mul(s, tf.add(tf.mul(v, tf.sub(1, s)), 1)));
      },
    ),
  float64: (x) => x * sigmoid64(x),
  filling: 'wide',
});

export const relu = activation({
  name: 'relu',
  code: 2,
  reference: (tf, x) => tf.relu(x),
  float64: (x) => Math.max(x, 0),
  filling: 'wide',
});

export const sigmoid = activation({
  name: 'sigmoid',
  code: 3,
  reference: (tf, x) => tf.sigmoid(x),
  float64: sigmoid64,
  filling: 'wide',
});

/** min(max(x + 3, 0), 6) / 6. Howard et al. 2019 (arXiv 1905.02244). */
export const hardSigmoid = activation({
  name: 'hardSigmoid',
  code: 4,
  reference: (tf, x) => tf.div(tf.clipByValue(tf.add(x, 3), 0, 6), 6),
  float64: hardSigmoid64,
  filling: 'wide',
});

/** x * hardSigmoid(x). Howard et al. 2019 (arXiv 1905.02244). */
export const hardSwish = activation({
  name: 'hardSwish',
  code: 5,
  reference: (tf, x) => tf.mul(x, tf.div(tf.clipByValue(tf.add(x, 3), 0, 6), 6)),
  float64: (x) => x * hardSigmoid64(x),
  filling: 'wide',
});
