/** The engine's door: what the trainer may use. Nothing outside this folder knows tfjs, WebGPU or WGSL. */

export type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
export { openBackend } from './backend';
export { blendWithReverse, normalizedInput, pasteFromReverse } from './batch';
export { createLayers } from './layers';
export { createParameters, type Parameters } from './parameters';
export {
  buildParameters,
  GradientSum,
  logitsAndMetrics,
  lossAndGradients,
  MetricSums,
  type PreparedBatch,
} from './passes';
export { measureFlops } from './probe';
export { createSgd, type Sgd } from './sgd';
