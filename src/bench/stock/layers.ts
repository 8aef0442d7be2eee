/** The tensor layer on tf.layers: a catalog model, run once over symbolic tensors, becomes a tf.layers model. */
import * as tf from '@tensorflow/tfjs';
import type { Layers } from '../../engine/ops';
import type { Weights } from '../contender';
import { lackingLayers } from '../lacking-layers';
import { BiasedAttention } from './attention';

type Symbolic = tf.SymbolicTensor;

interface Owned {
  layer: tf.layers.Layer;
  /** PyTorch's names of the layer's weights in tf.layers' order, and the axes of PyTorch's that tf.layers' axes are. */
  weights: { name: string; order?: number[] }[];
}

const CONV = [2, 3, 1, 0];
const DEPTHWISE = [2, 3, 0, 1];
const LINEAR = [1, 0];

export interface StockLayers {
  nn: Layers<Symbolic>;
  /** Overwrites all weights of the layers made so far. */
  load(weights: Weights): void;
}

/**
 * Layers as a user of tf.layers writes them. Zeros are padded explicitly only where 'same' would pad otherwise than PyTorch,
 * which is under a stride; without weights from outside, initial ones are He's.
 */
export function createStockLayers(): StockLayers {
  const owned: Owned[] = [];
  const attentions = new Map<string, tf.layers.Layer>();

  const apply = (layer: tf.layers.Layer, x: Symbolic | Symbolic[], ...weights: Owned['weights']): Symbolic => {
    if (weights.length > 0) owned.push({ layer, weights });
    return layer.apply(x) as Symbolic;
  };
  const activation = (x: Symbolic, name: 'relu' | 'gelu' | 'swish') =>
    apply(tf.layers.activation({ activation: name }), x);
  const padded = (x: Symbolic, padding: number) =>
    padding === 0 ? x : apply(tf.layers.zeroPadding2d({ padding: [padding, padding] }), x);
  const add = (a: Symbolic, b: Symbolic) => apply(tf.layers.add(), [a, b]);
  const bias = (name: string, has: boolean) => (has ? [{ name: `${name}.bias` }] : []);

  const nn: Partial<Layers<Symbolic>> = {
    shape: (x) => x.shape as number[],

    conv(x, name, { out, kernel, stride = 1, padding = 0, groups = 1, bias: useBias = false }) {
      const depthwise = groups > 1;
      if (depthwise && groups !== out) throw new Error('Stock tf.layers has no convolution in groups.');
      const same = stride === 1 && 2 * padding === kernel - 1;
      const shared = {
        kernelSize: kernel,
        strides: stride,
        padding: same ? ('same' as const) : ('valid' as const),
        useBias,
      };
      const layer = depthwise
        ? tf.layers.depthwiseConv2d({ ...shared, depthwiseInitializer: 'heNormal' })
        : tf.layers.conv2d({ ...shared, filters: out, kernelInitializer: 'heNormal' });
      const weight = { name: `${name}.weight`, order: depthwise ? DEPTHWISE : CONV };
      return apply(layer, same ? x : padded(x, padding), weight, ...bias(name, useBias));
    },

    batchNorm(x, name, { gamma = 1, relu = false, eps = 1e-5, momentum = 0.1 } = {}, residual) {
      const layer = tf.layers.batchNormalization({
        epsilon: eps,
        momentum: 1 - momentum,
        gammaInitializer: gamma === 0 ? 'zeros' : 'ones',
      });
      const names = ['weight', 'bias', 'running_mean', 'running_var'].map((part) => ({ name: `${name}.${part}` }));
      const y = apply(layer, x, ...names);
      const sum = residual ? add(y, residual) : y;
      return relu ? activation(sum, 'relu') : sum;
    },

    layerNorm: (x, name, { eps }) =>
      apply(tf.layers.layerNormalization({ epsilon: eps }), x, { name: `${name}.weight` }, { name: `${name}.bias` }),

    linear: (x, name, { out, bias: useBias = true }) =>
      apply(
        tf.layers.dense({ units: out, useBias }),
        x,
        { name: `${name}.weight`, order: LINEAR },
        ...bias(name, useBias),
      ),

    relu: (x) => activation(x, 'relu'),
    gelu: (x) => activation(x, 'gelu'),
    swish: (x) => activation(x, 'swish'),
    add,

    // All maps that are pooled here are behind a ReLU, so zeros never win.
    maxPool: (x, { kernel, stride, padding }) =>
      apply(tf.layers.maxPooling2d({ poolSize: kernel, strides: stride, padding: 'valid' }), padded(x, padding)),

    // tfjs divides by what a window holds; 'same' lets it hang over the end, as ceil does.
    avgPool: (x, { kernel, stride, ceil }) =>
      apply(tf.layers.averagePooling2d({ poolSize: kernel, strides: stride, padding: ceil ? 'same' : 'valid' }), x),

    globalAvgPool: (x) => apply(tf.layers.globalAveragePooling2d({}), x),
    reshape: (x, shape) => apply(tf.layers.reshape({ targetShape: shape.slice(1) }), x),

    attention(q, k, v, { heads, scale, biasName }) {
      const known = attentions.get(biasName);
      const layer = known ?? new BiasedAttention({ heads, scale });
      attentions.set(biasName, layer);
      return known ? apply(layer, [q, k, v]) : apply(layer, [q, k, v], { name: biasName });
    },

    dropPath: (x, _name, rate) =>
      rate > 0 ? apply(tf.layers.dropout({ rate, noiseShape: [null, 1, 1, 1] as unknown as number[] }), x) : x,
    dropout: (x, _name, rate) => (rate > 0 ? apply(tf.layers.dropout({ rate }), x) : x),
  };

  return {
    nn: lackingLayers('Stock tf.layers', nn),
    load(weights) {
      for (const { layer, weights: names } of owned) {
        tf.tidy(() => {
          layer.setWeights(
            names.map(({ name, order }) => {
              const source = weights.get(name);
              if (!source) throw new Error(`Stock tf.layers got no weights for ${name}.`);
              const tensor = tf.tensor(source.data, source.shape, 'float32');
              return order ? tf.transpose(tensor, order) : tensor;
            }),
          );
        });
      }
    },
  };
}
