/** Differentiable functions with a closed-form gradient: fewer ops, and less kept for the backward pass, than a taped chain. */
import * as tf from '@tensorflow/tfjs-core';
import type { BatchNormSettings, EvaluationNormSettings } from '../ops';

const last = (shape: readonly number[]) => shape.at(-1) as number;

/** [..., c] as [rows, c]. */
const flatten = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [-1, last(x.shape)]);

/**
 * Training batch norm over all axes but the last, with the biased variance of the batch, or of each of its groups; running statistics
 * move towards the mean and the unbiased variance of the first, as in PyTorch's DDP. Optional residual before an optional ReLU. Ioffe and Szegedy 2015 (arXiv 1502.03167).
 */
export function batchNorm(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { eps, relu, residual, running, groups = 1 }: BatchNormSettings,
): tf.Tensor {
  const channels = last(x.shape);
  const rows = x.size / channels / groups;
  const inGroups = (tensor: tf.Tensor) => tf.reshape(tensor, [groups, rows, channels]);
  const ofFirst = (statistic: tf.Tensor) => tf.reshape(tf.slice(statistic, 0, 1), [channels]);

  const run = tf.customGrad((...args) => {
    const save = args.pop() as tf.GradSaveFunc;
    const [input, weight, shift, shortcut] = args as tf.Tensor[] as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor?];
    const flat = inGroups(input);
    const mean = tf.mean(flat, 1, true); // [groups, 1, channels]
    const centered = tf.sub(flat, mean);
    const variance = tf.mean(tf.square(centered), 1, true);
    const inverse = tf.rsqrt(tf.add(variance, eps));
    const normal = tf.mul(centered, inverse);
    move(running.mean, ofFirst(mean), running.momentum);
    move(running.variance, tf.mul(ofFirst(variance), rows / (rows - 1)), running.momentum);

    let value: tf.Tensor = tf.add(tf.mul(normal, weight), shift);
    if (shortcut) value = tf.add(value, inGroups(shortcut));
    if (relu) value = tf.relu(value);
    save(relu ? [normal, inverse, weight, value] : [normal, inverse, weight]);

    const gradFunc = (dyShaped: tf.Tensor, saved: tf.Tensor[]) => {
      const [xhat, invStd, scale, output] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor?];
      const flatDy = inGroups(dyShaped);
      const dy = output ? tf.mul(flatDy, tf.step(output)) : flatDy;
      const dBeta = tf.sum(dy, 1, true);
      const dGamma = tf.sum(tf.mul(dy, xhat), 1, true);
      // dx = gamma / std * (dy - mean(dy) - xhat mean(dy xhat))
      const fromMeans = tf.add(tf.mul(xhat, tf.div(dGamma, rows)), tf.div(dBeta, rows));
      const dx = tf.mul(tf.sub(dy, fromMeans), tf.mul(scale, invStd));
      const gradients = [tf.reshape(dx, x.shape), tf.sum(dGamma, [0, 1]), tf.sum(dBeta, [0, 1])];
      return residual ? [...gradients, tf.reshape(dy, x.shape)] : gradients;
    };
    return { value: tf.reshape(value, x.shape), gradFunc };
  });
  return residual ? run(x, gamma, beta, residual) : run(x, gamma, beta);
}

/** running += momentum * (value - running). */
function move(running: tf.Variable, value: tf.Tensor, momentum: number): void {
  running.assign(tf.add(tf.mul(running, 1 - momentum), tf.mul(value, momentum)));
}

/** Batch norm with given statistics: evaluation. */
export function normalize(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { eps, relu, residual, mean, variance }: EvaluationNormSettings,
): tf.Tensor {
  const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, eps)));
  const y = tf.add(tf.mul(x, scale), tf.sub(beta, tf.mul(mean, scale)));
  const sum = residual ? tf.add(y, residual) : y;
  return relu ? tf.relu(sum) : sum;
}

/** Layer norm over the last axis. Ba et al. 2016 (arXiv 1607.06450). */
export function layerNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, eps: number): tf.Tensor {
  const run = tf.customGrad((...args) => {
    const [input, weight, shift, save] = args as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const flat = flatten(input);
    const centered = tf.sub(flat, tf.mean(flat, 1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centered), 1, true), eps)); // [rows, 1]
    const normal = tf.mul(centered, inverse);
    save([normal, inverse, weight]);
    const gradFunc = (dyShaped: tf.Tensor, saved: tf.Tensor[]) => {
      const [xhat, invStd, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const dy = flatten(dyShaped);
      const dNormal = tf.mul(dy, scale);
      const fromMeans = tf.add(tf.mul(xhat, tf.mean(tf.mul(dNormal, xhat), 1, true)), tf.mean(dNormal, 1, true));
      const dx = tf.mul(tf.sub(dNormal, fromMeans), invStd);
      return [tf.reshape(dx, x.shape), tf.sum(tf.mul(dy, xhat), 0), tf.sum(dy, 0)];
    };
    return { value: tf.reshape(tf.add(tf.mul(normal, weight), shift), x.shape), gradFunc };
  });
  return run(x, gamma, beta);
}

/** A function of one tensor, element by element or not, with its own gradient; the input is kept. */
const unary = (forward: (x: tf.Tensor) => tf.Tensor, backward: (dy: tf.Tensor, x: tf.Tensor) => tf.Tensor) =>
  tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([x as tf.Tensor]);
    return {
      value: forward(x as tf.Tensor),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => backward(dy, saved[0] as tf.Tensor),
    };
  });

/** Share of the normal distribution below x. */
const normalBelow = (x: tf.Tensor) => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);

/** x times the normal distribution function, exact. Hendrycks and Gimpel 2016 (arXiv 1606.08415). */
export const gelu: (x: tf.Tensor) => tf.Tensor = unary(
  (x) => tf.mul(x, normalBelow(x)),
  (dy, x) => {
    const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return tf.mul(dy, tf.add(normalBelow(x), tf.mul(x, density)));
  },
);

/** x * sigmoid(x). */
export const swish: (x: tf.Tensor) => tf.Tensor = unary(
  (x) => tf.mul(x, tf.sigmoid(x)),
  (dy, x) => {
    const s = tf.sigmoid(x);
    return tf.mul(dy, tf.mul(s, tf.add(tf.mul(x, tf.sub(1, s)), 1)));
  },
);

/** [b, h, w, c] -> [b, c]. */
export function globalAvgPool(x: tf.Tensor4D): tf.Tensor2D {
  const [batch, height, width, channels] = x.shape;
  const run = tf.customGrad((input) => ({
    value: tf.mean(input as tf.Tensor, [1, 2]),
    gradFunc: (dy: tf.Tensor) =>
      tf.tile(tf.reshape(tf.div(dy, height * width), [batch, 1, 1, channels]), [1, height, width, 1]),
  }));
  return run(x) as tf.Tensor2D;
}
