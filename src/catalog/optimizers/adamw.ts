import { z } from 'zod';
import { defineOptimizer, num } from '../define';

/** PyTorch's AdamW: the weight decay acts on the weights themselves, w <- w - lr wd w, not on the gradient. */
export const adamw = defineOptimizer({
  id: 'adamw',
  label: 'AdamW',
  summary:
    'A step size for every weight from the size of its past gradients: what attention networks are trained with.',
  paper: {
    title: 'Decoupled weight decay regularization (Loshchilov & Hutter 2019)',
    url: 'https://arxiv.org/abs/1711.05101',
  },
  scaling: 'square-root',
  options: z.object({
    lr: num(
      0.001,
      { min: 0.000001, max: 1, step: 0.0005 },
      { label: 'Learning rate', help: 'The highest of the schedule.' },
    ),
    weightDecay: num(
      0.05,
      { min: 0, max: 1, step: 0.01 },
      { label: 'Weight decay', help: 'Times the rate, so larger than for SGD.' },
    ),
    beta1: num(0.9, { min: 0, max: 0.9999, step: 0.01 }, { label: 'Beta 1', help: 'Memory of the mean gradient.' }),
    beta2: num(0.999, { min: 0, max: 0.99999, step: 0.001 }, { label: 'Beta 2', help: 'Memory of its square.' }),
    eps: num(1e-8, { min: 1e-12, max: 0.1, step: 1e-8 }, { label: 'Epsilon', help: 'Keeps small steps finite.' }),
  }),
  timm: ({ lr, weightDecay, beta1, beta2, eps }) => ({
    args: [
      ...['--opt', 'adamw', '--lr', String(lr), '--weight-decay', String(weightDecay)],
      ...['--opt-betas', String(beta1), String(beta2), '--opt-eps', String(eps)],
    ],
  }),
  plan: ({ weightDecay, beta1, beta2, eps }) => ({
    rule: { kind: 'adamw', beta1, beta2, eps },
    weightDecay,
    decayVectors: true,
  }),
});
