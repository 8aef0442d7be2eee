/** The tensor layer on jax-js: NCHW, as its convolutions want it. Shapes are told to the models as NHWC. */
import { nn as jaxNn, lax, numpy as np } from '@jax-js/jax';
import type { Layers } from '../../engine/ops';
import { lackingLayers } from '../lacking-layers';

export type Arrays = Record<string, np.Array>;

export interface JaxLayers {
  nn: Layers<np.Array>;
  /** Gives up all that the layers made, but for one array. Call after the last layer. */
  releaseAllBut(result: np.Array): void;
  /** Running statistics after the pass, by name. */
  moved: Arrays;
}

const PLANE = [2, 3];

/**
 * Layers for one forward pass. jax-js counts owners: every reading takes a reference of its own, so that models may read an array
 * as often as they like.
 * @param parameters by PyTorch's names, in PyTorch's shapes
 * @param running the running statistics, likewise
 */
export function createJaxLayers(parameters: Arrays, running: Arrays): JaxLayers {
  const made: np.Array[] = [];
  const moved: Arrays = {};

  const keep = (x: np.Array): np.Array => {
    made.push(x);
    return x;
  };
  const parameter = (name: string): np.Array => {
    const found = parameters[name];
    if (!found) throw new Error(`jax-js got no weights for ${name}.`);
    return found.ref;
  };
  const last = (x: np.Array) => x.shape.at(-1) as number;
  /** A vector [c] along the channels of an image [b, c, h, w]; of others along the last axis, where it broadcasts as it is. */
  const along = (x: np.Array, vector: np.Array) => (x.ndim === 4 ? vector.reshape([-1, 1, 1]) : vector);
  const channels = (x: np.Array) => (x.ndim === 4 ? (x.shape[1] as number) : last(x));

  const normalized = (x: np.Array, axes: number[], eps: number) => {
    const mean = np.mean(x.ref, axes, { keepdims: true });
    const centred = x.ref.sub(mean.ref);
    const variance = np.mean(np.square(centred.ref), axes, { keepdims: true });
    const y = centred.div(np.sqrt(variance.ref.add(eps)));
    return { y, mean, variance };
  };

  const nn: Partial<Layers<np.Array>> = {
    shape: (x) => {
      if (x.ndim !== 4) return [...x.shape];
      const [b, c, h, w] = x.shape as [number, number, number, number];
      return [b, h, w, c];
    },

    conv(x, name, { stride = 1, padding = 0, groups = 1, bias = false }) {
      const pads: [number, number][] = [
        [padding, padding],
        [padding, padding],
      ];
      const y = lax.convGeneralDilated(x.ref, parameter(`${name}.weight`), [stride, stride], pads, {
        featureGroupCount: groups,
      });
      return keep(bias ? y.add(along(x, parameter(`${name}.bias`))) : y);
    },

    batchNorm(x, name, { relu = false, eps = 1e-5, momentum = 0.1 } = {}, residual) {
      const { y, mean, variance } = normalized(x, [0, ...PLANE], eps);
      const values = x.size / channels(x);
      const move = (key: string, batch: np.Array) => {
        moved[key] = (running[key] as np.Array)
          .mul(1 - momentum)
          .add(lax.stopGradient(batch).reshape([-1]).mul(momentum));
      };
      move(`${name}.running_mean`, mean);
      move(`${name}.running_var`, variance.mul(values / (values - 1)));
      let z = y.mul(along(x, parameter(`${name}.weight`))).add(along(x, parameter(`${name}.bias`)));
      if (residual) z = z.add(residual.ref);
      return keep(relu ? jaxNn.relu(z) : z);
    },

    layerNorm(x, name, { eps }) {
      const { y, mean, variance } = normalized(x, [x.ndim === 4 ? 1 : x.ndim - 1], eps);
      mean.dispose();
      variance.dispose();
      return keep(y.mul(along(x, parameter(`${name}.weight`))).add(along(x, parameter(`${name}.bias`))));
    },

    linear(x, name, { bias = true }) {
      const y = np.matmul(x.ref, parameter(`${name}.weight`).transpose());
      return keep(bias ? y.add(parameter(`${name}.bias`)) : y);
    },

    relu: (x) => keep(jaxNn.relu(x.ref)),
    gelu: (x) => keep(jaxNn.gelu(x.ref, { approximate: false })),
    swish: (x) => keep(jaxNn.silu(x.ref)),
    add: (a, b) => keep(a.ref.add(b.ref)),

    // All maps that are pooled here are behind a ReLU, so zeros never win.
    maxPool(x, { kernel, stride, padding }) {
      const padded = np.pad(x.ref, { 2: [padding, padding], 3: [padding, padding] });
      return keep(lax.reduceWindow(padded, np.max, [kernel, kernel], [stride, stride]));
    },

    avgPool(x, { kernel, stride }) {
      if (PLANE.some((axis) => ((x.shape[axis] as number) - kernel) % stride !== 0)) {
        throw new Error('jax-js has no windows that hang over the end.');
      }
      return keep(lax.reduceWindow(x.ref, np.mean, [kernel, kernel], [stride, stride]));
    },

    globalAvgPool: (x) => keep(np.mean(x.ref, PLANE)),

    reshape(x, shape) {
      const flat = x.ndim === 4 ? x.ref.transpose([0, 2, 3, 1]) : x.ref;
      const y = flat.reshape([...shape]);
      return keep(shape.length === 4 ? y.transpose([0, 3, 1, 2]) : y);
    },

    attention(q, k, v, { heads, scale, biasName }) {
      const [b, n, c] = q.shape as [number, number, number];
      const split = (x: np.Array) => x.ref.reshape([b, x.shape[1] as number, heads, c / heads]).transpose([0, 2, 1, 3]);
      const products = np.matmul(split(q), split(k).transpose([0, 1, 3, 2])).mul(scale);
      const weights = jaxNn.softmax(products.add(parameter(biasName)), -1);
      return keep(np.matmul(weights, split(v)).transpose([0, 2, 1, 3]).reshape([b, n, c]));
    },

    dropPath(x, name, rate) {
      if (rate > 0) throw new Error(`${name}: the benchmark drops nothing.`);
      return x;
    },
    dropout(x, name, rate) {
      if (rate > 0) throw new Error(`${name}: the benchmark drops nothing.`);
      return x;
    },
  };

  return {
    nn: lackingLayers('jax-js', nn),
    moved,
    releaseAllBut(result) {
      for (const x of made) if (x !== result) x.dispose();
    },
  };
}
