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
  const averages = new Map<string, tf.Tensor>();
  let updates = 0;

  const keep = (name: string, value: tf.Tensor) => {
    averages.get(name)?.dispose();
    averages.set(name, value);
  };

  return {
    update() {
      const decay = averagingDecay(options, ++updates);
      for (const { name, variable } of variables()) {
        const old = averages.get(name);
        const moved = () =>
          old && decay > 0 ? tf.add(tf.mul(old, decay), tf.mul(variable, 1 - decay)) : tf.clone(variable);
        keep(name, tf.tidy(moved));
      }
    },
    exchange() {
      for (const { name, variable } of variables()) {
        const average = averages.get(name);
        if (!average) continue;
        const value = tf.clone(variable);
        variable.assign(average as tf.Tensor);
        keep(name, value);
      }
    },
    dispose() {
      tf.dispose([...averages.values()]);
      averages.clear();
    },
  };
}
