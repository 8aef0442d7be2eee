/** Gradients of a loss by parameter name, from tfjs's tape. */
import * as tf from '@tensorflow/tfjs-core';
import type { BatchLoss } from './batch-loss';
import type { Parameter } from './parameters';

/** Runs pass with the tape on. Call within tf.tidy, which owns the results. */
export function variableGradients(
  parameters: readonly Parameter[],
  pass: () => BatchLoss,
): { gradients: Record<string, tf.Tensor>; sums: tf.Tensor1D } {
  const names = new Map(parameters.map(({ variable, name }) => [variable.name, name]));
  let sums: tf.Tensor1D | undefined;
  const { grads } = tf.variableGrads(
    () => {
      const result = pass();
      // The tape's own tidy would free it.
      sums = tf.keep(result.sums);
      return result.loss;
    },
    parameters.map(({ variable }) => variable),
  );
  const gradients = Object.fromEntries(
    Object.entries(grads).map(([variable, gradient]) => [names.get(variable) as string, gradient]),
  );
  return { gradients, sums: sums as tf.Tensor1D };
}
