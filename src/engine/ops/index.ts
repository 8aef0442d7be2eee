/**
 * All ops, a line each, and the tensor layer made of them. A model is a function over Layers<T>, whatever T is; names are PyTorch
 * state-dict names (timm's): 'layer1.0.conv1' owns 'layer1.0.conv1.weight'. Images are NHWC.
 */

import type { Init } from '../../core/parameter';
import type { Shape } from '../../core/shape';
import { gelu, hardSigmoid, hardSwish, relu, sigmoid, swish } from './activations';
import { add, addLayer } from './add';
import { attention, attentionLayer } from './attention';
import { batchNorm, batchNormLayer, normalize } from './batch-norm';
import { concat, concatLayer } from './concat';
import { conv, convLayer, groupedConv } from './conv';
import type { Context, Op } from './define';
import { depthwiseConv } from './depthwise';
import { drop, dropoutLayer, dropPathLayer } from './drop';
import { layerNorm, layerNormLayer } from './layer-norm';
import { linear, linearLayer } from './linear';
import { distillation, softCrossEntropy } from './loss';
import { multiply, multiplyLayer } from './multiply';
import { avgPool, avgPoolLayer, globalAvgPool, globalAvgPoolLayer, maxPool, maxPoolLayer } from './pool';

/** For whoever treats all alike, without their types. */
export const ops = [
  add,
  attention,
  avgPool,
  batchNorm,
  concat,
  conv,
  depthwiseConv,
  distillation,
  drop,
  gelu.op,
  globalAvgPool,
  groupedConv,
  hardSigmoid.op,
  hardSwish.op,
  layerNorm,
  linear,
  maxPool,
  multiply,
  normalize,
  relu.op,
  sigmoid.op,
  softCrossEntropy,
  swish.op,
] as unknown as readonly Op[];

/** The layers over a context. */
export const layersOver = <T>(context: Context<T>) => ({
  /** [batch, height, width, channels], [batch, tokens, channels] or [batch, features]. */
  shape: (x: T): number[] => context.shape(x),
  reshape: (x: T, shape: Shape): T => context.reshape(x, shape),
  /** A learned tensor of its own: layer scale, a class token. */
  parameter: (name: string, shape: Shape, init: Init): T => context.parameter(name, { shape, layout: 'plain', init }),
  add: addLayer(context),
  attention: attentionLayer(context),
  avgPool: avgPoolLayer(context),
  batchNorm: batchNormLayer(context),
  concat: concatLayer(context),
  conv: convLayer(context),
  dropPath: dropPathLayer(context),
  dropout: dropoutLayer(context),
  gelu: gelu.layer(context),
  globalAvgPool: globalAvgPoolLayer(context),
  hardSigmoid: hardSigmoid.layer(context),
  hardSwish: hardSwish.layer(context),
  layerNorm: layerNormLayer(context),
  linear: linearLayer(context),
  maxPool: maxPoolLayer(context),
  multiply: multiplyLayer(context),
  relu: relu.layer(context),
  sigmoid: sigmoid.layer(context),
  swish: swish.layer(context),
});

/** The tensor layer that models are written in. */
export type Layers<T> = ReturnType<typeof layersOver<T>>;
