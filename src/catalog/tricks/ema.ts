import { z } from 'zod';
import { bool, defineTrick, num } from '../define';

/** Share of the average that may be the first update's weights at the end of a run. */
const STALE = 0.05;

/** timm's ModelEmaV3 over weights and running statistics; validated beside the weights themselves. */
export const ema = defineTrick({
  id: 'ema',
  label: 'Weight averaging (EMA)',
  summary: 'Keeps a moving average of all weights, which is validated beside them and is often better.',
  paper: {
    title: 'Acceleration of stochastic approximation by averaging (Polyak & Juditsky 1992)',
    url: 'https://doi.org/10.1137/0330046',
  },
  stage: 'optimizer',
  on: false,
  options: z.object({
    decay: num(
      0.9998,
      { min: 0, max: 0.999999, step: 0.0001 },
      { label: 'Decay', help: 'Averages over about 1 / (1 - decay) updates.' },
    ),
    warmup: bool(false, { label: 'Warmup', help: 'Begins with a short average: for runs of few updates.' }),
  }),
  warn: ({ decay, warmup }, { totalUpdates }) => {
    const stale = warmup ? 0 : decay ** (totalUpdates - 1);
    if (stale <= STALE) return [];
    return [
      `After ${totalUpdates.toLocaleString('en')} updates ${Math.round(100 * stale)} % of the average is still the first update's weights: choose a smaller decay, or warmup.`,
    ];
  },
  timm: ({ decay, warmup }) => ({
    args: ['--model-ema', '--model-ema-decay', String(decay), ...(warmup ? ['--model-ema-warmup'] : [])],
  }),
  optimizer: ({ decay, warmup }) => ({ averaging: { decay, warmup } }),
});
