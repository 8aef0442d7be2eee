/** The engines by name. */
import * as tf from '@tensorflow/tfjs-core';
import { createEagerTrainer } from './eager';
import { fusedEngine } from './fused';
import { createRecordedTrainer } from './recorded';
import { referenceEngine } from './reference';
import type { Engine, EngineName, Trainer, TrainerOptions } from './trainer';

/** What can be had of what was asked for: the fused kernels need WebGPU. */
export const engineFor = (asked: EngineName): EngineName => (tf.getBackend() === 'webgpu' ? asked : 'reference');

export const engineOf = (name: EngineName): Engine => (name === 'fused' ? fusedEngine : referenceEngine);

export const createTrainer = (engine: EngineName, options: TrainerOptions): Trainer =>
  engine === 'fused' ? createRecordedTrainer(options) : createEagerTrainer(options);

/** Runs the network once on an empty image, so that every parameter comes into being. size in pixels. */
export function buildParameters(forward: TrainerOptions['forward'], size: number): void {
  tf.tidy(() => {
    forward(tf.zeros([1, size, size, 3]), { training: false, microBatch: 0 });
  });
}
