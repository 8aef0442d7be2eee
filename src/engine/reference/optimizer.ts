/** The update rules of core/optimizer.ts in plain tfjs ops, parameter by parameter. */
import * as tf from '@tensorflow/tfjs-core';
import type { OptimizerPlan, UpdateRule } from '../../core/optimizer';
import type { Parameter } from '../parameters';

export interface Optimizer {
  /** One update of every parameter. Gradients by parameter name, of every parameter. */
  update(gradients: Readonly<Record<string, tf.Tensor>>, lr: number): void;
  dispose(): void;
}

interface Step {
  weight: tf.Tensor;
  gradient: tf.Tensor;
  /** Whether weight decay is for this parameter. */
  decays: boolean;
  /** What the rule kept of the parameter's last update; zeros before the first. */
  moments: readonly tf.Tensor[];
  lr: number;
  /** Number of the update, from 1. */
  update: number;
}

interface Stepped {
  weight: tf.Tensor;
  moments: tf.Tensor[];
}

const squares = (x: tf.Tensor) => tf.sum(tf.square(x));
const norm = (x: tf.Tensor) => tf.sqrt(squares(x));

type Momentum = Extract<UpdateRule, { kind: 'sgd' | 'lars' }>;

function momentumStep({ momentum, nesterov }: Momentum, g: tf.Tensor, { weight, moments, lr }: Step): Stepped {
  const v = tf.add(tf.mul(moments[0] as tf.Tensor, momentum), g);
  const direction = nesterov ? tf.add(g, tf.mul(v, momentum)) : v;
  return { weight: tf.sub(weight, tf.mul(direction, lr)), moments: [v] };
}

/** Scalar r of LARS. */
function trustRatio(rule: Extract<UpdateRule, { kind: 'lars' }>, weightDecay: number, { weight, gradient, lr }: Step) {
  const [w, g] = [norm(weight), norm(gradient)];
  const known = tf.logicalAnd(tf.greater(w, 0), tf.greater(g, 0));
  const ratio = tf.div(tf.mul(w, rule.eta), tf.add(tf.add(g, tf.mul(w, weightDecay)), rule.eps));
  const r = tf.where(known, ratio, tf.onesLike(ratio));
  if (!rule.clip) return r;
  // The rate may be 0, in a warmup.
  return lr > 0 ? tf.minimum(tf.div(r, lr), 1) : tf.onesLike(r);
}

function stepOf({ rule, weightDecay }: OptimizerPlan, step: Step): Stepped {
  const { weight, gradient, decays, moments, lr, update } = step;
  const decay = decays ? weightDecay : 0;
  const decayed = (g: tf.Tensor) => (decay > 0 ? tf.add(g, tf.mul(weight, decay)) : g);
  switch (rule.kind) {
    case 'sgd':
      return momentumStep(rule, decayed(gradient), step);
    case 'lars':
      return momentumStep(rule, decay > 0 ? tf.mul(decayed(gradient), trustRatio(rule, decay, step)) : gradient, step);
    case 'adamw': {
      const { beta1, beta2, eps } = rule;
      const m = tf.add(tf.mul(moments[0] as tf.Tensor, beta1), tf.mul(gradient, 1 - beta1));
      const v = tf.add(tf.mul(moments[1] as tf.Tensor, beta2), tf.mul(tf.square(gradient), 1 - beta2));
      const size = tf.add(tf.div(tf.sqrt(v), Math.sqrt(1 - beta2 ** update)), eps);
      const change = tf.mul(tf.div(m, size), lr / (1 - beta1 ** update));
      return { weight: tf.sub(tf.mul(weight, 1 - lr * decay), change), moments: [m, v] };
    }
    default:
      return rule satisfies never;
  }
}

/** torch.nn.utils.clip_grad_norm_: min(1, limit / (norm of all + 1e-6)), a scalar. */
const clipFactor = (gradients: readonly tf.Tensor[], limit: number) =>
  tf.minimum(tf.div(limit, tf.add(tf.sqrt(gradients.map(squares).reduce((a, b) => tf.add(a, b))), 1e-6)), 1);

export function createOptimizer(parameters: () => readonly Parameter[], plan: OptimizerPlan): Optimizer {
  const moments = new Map<string, tf.Tensor[]>();
  const count = plan.rule.kind === 'adamw' ? 2 : 1;
  const decaysVectors = plan.decayVectors && plan.rule.kind !== 'lars';
  let updates = 0;
  return {
    update(gradients, lr) {
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
          const stepped = stepOf(plan, {
            weight: variable,
            gradient: clip ? tf.mul(raw, clip) : raw,
            decays: decaysVectors || dimensions > 1,
            moments: old ?? Array.from({ length: count }, () => tf.zerosLike(variable)),
            lr,
            update: updates,
          });
          return [stepped.weight, ...stepped.moments];
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
