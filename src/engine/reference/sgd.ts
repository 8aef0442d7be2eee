/** SGD with momentum, classical or Nesterov (Sutskever et al. 2013), as torch.optim.SGD defines it. */
import * as tf from '@tensorflow/tfjs-core';
import type { SgdOptions } from '../kernels/optimizer';
import type { Parameter } from '../parameters';

export interface Sgd {
  /** g += wd w; v = momentum v + g; w -= lr (nesterov ? g + momentum v : v). Gradients by parameter name. */
  update(gradients: Record<string, tf.Tensor>, lr: number): void;
  dispose(): void;
}

export function createSgd(parameters: () => readonly Parameter[], options: SgdOptions): Sgd {
  const velocities = new Map<string, tf.Tensor>();
  return {
    update(gradients, lr) {
      for (const { name, variable, dimensions } of parameters()) {
        const gradient = gradients[name];
        if (!gradient) continue;
        const decay = options.decayVectors || dimensions > 1 ? options.weightDecay : 0;
        const old = velocities.get(name);
        const [velocity, next] = tf.tidy(() => {
          const g = decay > 0 ? tf.add(gradient, tf.mul(variable, decay)) : gradient;
          if (options.momentum === 0) return [undefined, tf.sub(variable, tf.mul(g, lr))];
          const v = old ? tf.add(tf.mul(old, options.momentum), g) : tf.clone(g);
          const direction = options.nesterov ? tf.add(g, tf.mul(v, options.momentum)) : v;
          return [v, tf.sub(variable, tf.mul(direction, lr))];
        }) as [tf.Tensor | undefined, tf.Tensor];
        variable.assign(next);
        next.dispose();
        if (velocity) {
          old?.dispose();
          velocities.set(name, velocity);
        }
      }
    },
    dispose() {
      for (const velocity of velocities.values()) velocity.dispose();
      velocities.clear();
    },
  };
}
