/** The update rules of core/optimizer.ts in plain tfjs ops, parameter by parameter. */
import * as tf from '@tensorflow/tfjs-core';
import { type OptimizerPlan, ruleFacts } from '../../core/optimizer';
import { definitionOf } from '../optimizer/rules';
import type { Parameter } from '../parameters';

export interface Optimizer {
  /** One update of every parameter. Gradients by parameter name, of every parameter. */
  update(gradients: Readonly<Record<string, tf.Tensor>>, lr: number, weightDecay?: number): void;
  dispose(): void;
}

const squares = (x: tf.Tensor) => tf.sum(tf.square(x));

/** torch.nn.utils.clip_grad_norm_: min(1, limit / (norm of all + 1e-6)), a scalar. */
const clipFactor = (gradients: readonly tf.Tensor[], limit: number) =>
  tf.minimum(tf.div(limit, tf.add(tf.sqrt(gradients.map(squares).reduce((a, b) => tf.add(a, b))), 1e-6)), 1);

export function createOptimizer(parameters: () => readonly Parameter[], plan: OptimizerPlan): Optimizer {
  const moments = new Map<string, tf.Tensor[]>();
  const { moments: count, sparesVectors } = ruleFacts[plan.rule.kind];
  const decaysVectors = plan.decayVectors && !sparesVectors;
  let updates = 0;
  return {
    update(gradients, lr, weightDecay = plan.weightDecay) {
      updates++;
      const all = parameters();
      const given = all.map(({ name }) => {
        const gradient = gradients[name];
        if (!gradient) throw new Error(`The parameter ${name} has no gradient.`);
        return gradient;
      });
      const clip = plan.clipNorm === undefined ? undefined : tf.tidy(() => clipFactor(given, plan.clipNorm as number));
      for (const [i, { name, variable, dimensions }] of all.entries()) {
        const old = moments.get(name);
        const [weight, ...kept] = tf.tidy(() => {
          const raw = given[i] as tf.Tensor;
          const updated = definitionOf(plan.rule).reference(plan.rule, {
            weight: variable,
            gradient: clip ? tf.mul(raw, clip) : raw,
            weightDecay: decaysVectors || dimensions > 1 ? weightDecay : 0,
            moments: old ?? Array.from({ length: count }, () => tf.zerosLike(variable)),
            lr,
            update: updates,
          });
          return [updated.weight, ...updated.moments];
        });
        variable.assign(weight as tf.Tensor);
        tf.dispose([weight, old ?? []] as tf.Tensor[]);
        moments.set(name, kept);
      }
      clip?.dispose();
    },
    dispose() {
      tf.dispose([...moments.values()].flat());
      moments.clear();
    },
  };
}
