import { z } from 'zod';
import { choice, defineSchedule, int, num } from '../define';
import { warnOfMinimum } from '../rate-warnings';

/** A cycle whose rate changes between epochs has a second value only from here on. */
const EPOCHS_FOR_A_CYCLE = 2;

/**
 * SGDR: in cycle i, min + (lr * decay^i - min) / 2 * (1 + cos(pi t / T_i)), t counted since the restart, T_i = T_0 * mul^i,
 * T_0 such that the cycles fill the run after the warmup. timm's CosineLRScheduler with --lr-cycle-limit, -mul and -decay
 * (where --epochs is the first cycle, T_0), PyTorch's CosineAnnealingWarmRestarts(T_0, mul). Cycle boundaries are summed up,
 * not found by a logarithm as in timm, which for some mul lands a cycle off on the very update of a restart.
 */
export const cosineRestarts = defineSchedule({
  id: 'cosine-restarts',
  label: 'Cosine with restarts',
  summary: 'Lowers the learning rate along half a cosine several times, each time starting high again.',
  paper: {
    title: 'SGDR: stochastic gradient descent with warm restarts (Loshchilov and Hutter 2017)',
    url: 'https://arxiv.org/abs/1608.03983',
  },
  options: z.object({
    cycles: int(3, { min: 1, max: 50 }, { label: 'Cycles', help: 'They fill the run after the warmup.' }),
    mul: num(
      2,
      { min: 1, max: 10, step: 0.5 },
      { label: 'Growth', help: 'Every cycle is this many times as long as the one before.' },
    ),
    decay: num(
      1,
      { min: 0.01, max: 1, step: 0.05 },
      { label: 'Decay', help: 'Every cycle starts at this share of the rate of the one before.' },
    ),
    minLr: num(0, { min: 0, max: 1, step: 0.0001 }, { label: 'Last rate' }),
    per: choice('update', ['update', 'epoch'], { label: 'Changes every', help: 'timm: --sched-on-updates, or not.' }),
  }),
  warn: ({ cycles, mul, minLr, per }, run) => {
    const firstCycles = Array.from({ length: cycles }, (_, i) => mul ** i).reduce((a, b) => a + b, 0);
    const flat = per === 'epoch' && run.scheduledEpochs / firstCycles < EPOCHS_FOR_A_CYCLE;
    return [
      ...warnOfMinimum(minLr, run),
      ...(flat
        ? ['The first cycle is shorter than two epochs, and the rate changes only between epochs: it never falls.']
        : []),
    ];
  },
  timm: ({ cycles, mul, decay, minLr, per }) => ({
    args: [
      '--sched',
      'cosine',
      '--lr-cycle-limit',
      String(cycles),
      '--lr-cycle-mul',
      String(mul),
      '--lr-cycle-decay',
      String(decay),
      '--min-lr',
      String(minLr),
      ...(per === 'update' ? ['--sched-on-updates'] : []),
    ],
  }),
  rate: ({ cycles, mul, decay, minLr, per }, { baseLr, updatesPerEpoch, totalUpdates }) => {
    const unit = per === 'epoch' ? updatesPerEpoch : 1;
    /** Lengths of the cycles relative to the first. */
    const relative = Array.from({ length: cycles }, (_, i) => mul ** i);
    const first = Math.ceil(totalUpdates / unit) / relative.reduce((a, b) => a + b, 0);
    return (update) => {
      let t = Math.floor(update / unit);
      let cycle = 0;
      // A restart that is due on this very update is not missed for the last bits of a sum.
      for (const length of relative) {
        if (t < length * first - 1e-9) break;
        t = Math.max(0, t - length * first);
        cycle++;
      }
      if (cycle === cycles) return minLr;
      const top = baseLr * decay ** cycle;
      return minLr + 0.5 * (top - minLr) * (1 + Math.cos((Math.PI * t) / ((relative[cycle] as number) * first)));
    };
  },
});
