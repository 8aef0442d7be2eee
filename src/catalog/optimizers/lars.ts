import { z } from 'zod';
import { bool, defineOptimizer, num } from '../define';

/** timm's default; keeps the trust ratio finite. */
const EPS = 1e-8;

/** timm's Lars: SGD on r (g + wd w), with a trust ratio r for each layer; see core/optimizer.ts. */
export const lars = defineOptimizer({
  id: 'lars',
  label: 'LARS',
  summary: 'SGD in which each layer moves in proportion to its own weights: keeps very large batches stable.',
  paper: {
    title: 'Large batch training of convolutional networks (You et al. 2017)',
    url: 'https://arxiv.org/abs/1708.03888',
  },
  scaling: 'linear',
  options: z.object({
    lr: num(
      1,
      { min: 0.0001, max: 100, step: 0.1 },
      { label: 'Learning rate', help: 'Larger than for SGD: the trust coefficient multiplies it.' },
    ),
    momentum: num(0.9, { min: 0, max: 0.999, step: 0.01 }, { label: 'Momentum' }),
    weightDecay: num(
      0.0001,
      { min: 0, max: 1, step: 0.0001 },
      { label: 'Weight decay', help: 'Never on biases and norms. At 0 this is plain SGD.' },
    ),
    eta: num(0.001, { min: 0.000001, max: 1, step: 0.001 }, { label: 'Trust coefficient' }),
    clip: bool(false, { label: 'Clip (LARC)', help: 'No layer moves faster than with SGD at the same rate.' }),
    nesterov: bool(false, { label: 'Nesterov', help: 'Looks one step ahead.' }),
  }),
  warn: ({ weightDecay }) =>
    weightDecay === 0
      ? ['Without weight decay LARS gives no layer a step of its own, as in timm: this is SGD at a rate for LARS.']
      : [],
  timm: ({ lr, momentum, weightDecay, eta, clip, nesterov }) => ({
    args: [
      ...['--opt', `${nesterov ? 'n' : ''}${clip ? 'larc' : 'lars'}`, '--lr', String(lr)],
      ...['--momentum', String(momentum), '--weight-decay', String(weightDecay)],
      ...['--opt-kwargs', `trust_coeff=${eta}`],
    ],
  }),
  plan: ({ momentum, weightDecay, eta, clip, nesterov }) => ({
    rule: { kind: 'lars', momentum, nesterov, eta, eps: EPS, clip },
    weightDecay,
    decayVectors: true,
  }),
});
