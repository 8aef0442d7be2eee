import { z } from 'zod';
import { bool, defineOptimizer, num } from '../define';

/** PyTorch's SGD: v <- momentum v + (g + wd w); w <- w - lr v, or w - lr (g + wd w + momentum v) with Nesterov. */
export const sgd = defineOptimizer({
  id: 'sgd',
  label: 'SGD',
  summary: 'Stochastic gradient descent with momentum: the optimizer of the ResNet papers.',
  paper: {
    title: 'On the importance of initialization and momentum in deep learning (Sutskever et al. 2013)',
    url: 'https://proceedings.mlr.press/v28/sutskever13.html',
  },
  scaling: 'linear',
  options: z.object({
    lr: num(
      0.1,
      { min: 0.00001, max: 10, step: 0.01 },
      { label: 'Learning rate', help: 'The highest of the schedule.' },
    ),
    momentum: num(0.9, { min: 0, max: 0.999, step: 0.01 }, { label: 'Momentum' }),
    weightDecay: num(0.0001, { min: 0, max: 1, step: 0.0001 }, { label: 'Weight decay' }),
    nesterov: bool(false, { label: 'Nesterov', help: 'Looks one step ahead.' }),
  }),
  // timm's "sgd" is Nesterov, its "momentum" classical.
  timm: ({ lr, momentum, weightDecay, nesterov }) => ({
    args: [
      '--opt',
      nesterov ? 'sgd' : 'momentum',
      '--lr',
      String(lr),
      '--momentum',
      String(momentum),
      '--weight-decay',
      String(weightDecay),
    ],
  }),
  plan: ({ momentum, weightDecay, nesterov }) => ({
    rule: { kind: 'sgd', momentum, nesterov },
    weightDecay,
    decayVectors: true,
  }),
});
