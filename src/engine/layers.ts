/** The tensor layer over tfjs tensors: PyTorch's parameters, made on first use, and the ops of an engine. */
import * as tf from '@tensorflow/tfjs-core';
import { type Layers, layersOver } from './ops';
import type { Context, Given, Inputs } from './ops/define';
import type { Parameters } from './parameters';
import type { Engine, MicroBatchNumber } from './trainer';

export interface LayersContext {
  engine: Engine;
  /** Batch statistics, dropout and drop path when true; running statistics when false. */
  training: boolean;
  /** Seed of the run. */
  seed: number;
  /**
   * Into how many equal parts training batch norm cuts the batch: replicas that do not share their statistics. Default 1, the whole
   * batch.
   */
  normGroups?: number;
  /** Number of the micro-batch in its run: another one, other dropout masks. */
  microBatch: MicroBatchNumber;
}

/**
 * Layers over tfjs tensors for one forward pass. Call within tf.tidy or a gradient; running statistics are updated as the pass
 * goes, in training only, and survive the tidy. Run the model once (in evaluation, one zero image) to make its parameters
 * before asking for gradients: variableGrads must know the variables.
 */
export function createLayers(
  parameters: Parameters,
  { engine, training, normGroups = 1, seed, microBatch }: LayersContext,
): Layers<tf.Tensor> {
  const context: Context<tf.Tensor> = {
    shape: (x) => x.shape,
    training,
    seed,
    normGroups,
    microBatch: () => (typeof microBatch === 'number' ? tf.tensor1d([microBatch], 'int32') : microBatch),
    parameter: (name, spec) => parameters.get(name, spec),
    state: (name, shape, fill) => parameters.buffer(name, shape, fill),
    reshape: (x, shape) => tf.reshape(x, [...shape]),
    apply(op, inputs, attributes) {
      // A state is what this context's state() gave: a variable.
      const given = inputs as Given<Inputs, tf.Tensor> as Given<typeof op.inputs, tf.Tensor, tf.Variable>;
      return engine.run(op, given, attributes)[op.outputs[0]] as tf.Tensor;
    },
  };
  return layersOver(context);
}
