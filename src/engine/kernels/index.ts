/** The tensor layer's ops from our own WGSL kernels. Needs the WebGPU backend. */
import * as tf from '@tensorflow/tfjs-core';
import type { Ops } from '../ops';
import { attention } from './attention';
import { batchNorm, normalize } from './batch-norm';
import { conv } from './conv';
import { depthwiseConv } from './depthwise';
import { layerNorm } from './layer-norm';
import { softCrossEntropy } from './loss';
import { drop, gelu, relu, swish } from './pointwise';
import { avgPool, globalAvgPool, maxPool } from './pool';

export const fusedOps: Ops = {
  conv,
  depthwiseConv,
  linear(x, weight, bias) {
    const [rows, channels] = x.shape;
    const out = weight.shape[1];
    const filter = tf.reshape(weight, [1, 1, channels, out]) as tf.Tensor4D;
    const y = conv(tf.reshape(x, [rows, 1, 1, channels]), filter, bias, { stride: 1, padding: 0 });
    return tf.reshape(y, [rows, out]);
  },
  batchNorm,
  normalize,
  layerNorm,
  relu,
  gelu,
  swish,
  add: (a, b) => tf.add(a, b),
  maxPool,
  avgPool,
  globalAvgPool,
  attention,
  drop,
  softCrossEntropy,
};
