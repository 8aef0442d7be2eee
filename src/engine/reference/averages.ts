/** A moving average of weights and running statistics in plain tfjs ops: timm's ModelEmaV3. */
import * as tf from '@tensorflow/tfjs-core';
import { type Averaging, averagingDecay } from '../../core/optimizer';
import type { Parameters } from '../parameters';

export interface Averages {
  /** Moves the average towards what the weights and statistics are now. */
  update(): void;
  /** Puts the average in the place of the weights and statistics, and these in its place. */
  exchange(): void;
  dispose(): void;
}

export function createAverages(parameters: Pick<Parameters, 'trainable' | 'buffers'>, options: Averaging): Averages {
  const variables = () => [...parameters.trainable(), ...parameters.buffers()];
  const averages = new Map(variables().map(({ name, variable }) => [name, tf.clone(variable) as tf.Tensor]));
  let updates = 0;

  const keep = (name: string, value: tf.Tensor) => {
    averages.get(name)?.dispose();
    averages.set(name, value);
  };

  return {
    update() {
      const decay = averagingDecay(options, ++updates);
      for (const { name, variable } of variables()) {
        const old = averages.get(name) as tf.Tensor;
        const moved = () => tf.add(tf.mul(old, decay), tf.mul(variable, 1 - decay));
        // A copy, not a sum with nothing: no bit of what was there before.
        keep(name, decay > 0 ? tf.tidy(moved) : tf.clone(variable));
      }
    },
    exchange() {
      for (const { name, variable } of variables()) {
        const value = tf.clone(variable);
        variable.assign(averages.get(name) as tf.Tensor);
        keep(name, value);
      }
    },
    dispose() {
      tf.dispose([...averages.values()]);
      averages.clear();
    },
  };
}
