/** The engine's door: what the trainer may use. Nothing outside this folder knows tfjs, WebGPU or WGSL. */

export type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
export { openBackend } from './backend';
export { DEVICE_LOST, deviceLives } from './device-life';
export { buildParameters, createTrainer, engineFor, engineOf } from './engines';
export { measureGemmRate } from './gemm-rate';
export { createLayers } from './layers';
export { createParameters, type Parameters } from './parameters';
export { measureFlops } from './probe';
export {
  type Engine,
  type EngineName,
  type MicroBatchNumber,
  type Mix,
  noMix,
  type Teacher,
  type Trainer,
  type TrainingBatch,
} from './trainer';
