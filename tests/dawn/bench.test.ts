/** The benchmark's contenders in Node, on Dawn: all of them, in processes of their own, as `bench --runtime dawn` runs them. */
import { expect, it } from 'vitest';
import type { Calls, Weights } from '../../src/bench/contender';
import type { Opener } from '../../src/bench/run-bench';
import { withDawn } from '../../src/cli/bench-dawn';
import { connect } from '../../src/platform/calls';

/** First losses of a contender from these weights, or from its own, which come back too. */
async function lossesOf(open: Opener, weights?: Weights) {
  const remote = connect<Calls>(open());
  try {
    const adapter = await remote.call('open');
    await remote.call('build', 'residual', weights);
    const initial = weights ?? (await remote.call('weights'));
    const { losses } = await remote.call('train', 2);
    return { adapter, losses, initial };
  } finally {
    remote.close();
  }
}

it('trains the same network from the same weights with ours, stock tfjs and jax-js, and says what ended a contender', async () => {
  await withDawn(async (open) => {
    const ours = await lossesOf(open('ours'));
    expect(ours.adapter).toContain('llvmpipe');
    for (const rival of ['stock', 'jax'] as const) {
      const { losses } = await lossesOf(open(rival), ours.initial);
      // Sums in another order: f32 keeps seven digits, and a step on noise of ten classes moves the loss in the third.
      losses.forEach((loss, step) => {
        expect(Math.abs(loss - (ours.losses[step] as number)), rival).toBeLessThan(1e-4);
      });
    }
    const nobody = connect<Calls>(open('nobody' as 'ours')());
    await expect(nobody.call('open')).rejects.toThrow('nobody ended with 1: Error: There is no contender "nobody".');
  });
});
