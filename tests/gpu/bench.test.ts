/** The benchmark's worker for real, ours only: rivals take minutes. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Calls } from '../../src/bench/contender';
import { openOurs } from '../../src/bench/openers';
import { connect, type Remote } from '../../src/platform/calls';

const remotes: Remote<Calls>[] = [];
afterAll(() => {
  for (const remote of remotes) remote.close();
});

function ours(): Remote<Calls> {
  const remote = connect<Calls>(openOurs());
  remotes.push(remote);
  return remote;
}

describe("the benchmark's worker", () => {
  it('learns its workload by heart and hands out the weights that rivals start from', async () => {
    const remote = ours();
    expect(await remote.call('open')).not.toBe('');
    await remote.call('build', 'residual');
    const weights = await remote.call('weights');
    expect(weights.get('conv1.weight')?.shape).toEqual([16, 16, 3, 3]);
    const { losses, stepMs } = await remote.call('train', 3);
    expect(losses).toHaveLength(3);
    // Noise of ten classes: a first loss near log 10.
    expect(Math.abs((losses[0] as number) - Math.log(10))).toBeLessThan(1);
    expect(losses[2]).toBeLessThan(losses[0] as number);
    expect(stepMs).toBeGreaterThan(0);
  });

  it('counts what a step costs at the boundary to the GPU', async () => {
    const found = await ours().call('footprint', 'residual');
    // At least a forward and two gradients for each of 6 convolutions, and 3 dispatches for each of 5 norms.
    expect(found.dispatches).toBeGreaterThan(30);
    expect(found.submits).toBeLessThanOrEqual(4);
    expect(found.uploadBytes).toBeGreaterThan(0);
    expect(found.uploadBytes).toBeLessThan(65_536);
    expect(found.boundBytes).toBeGreaterThan(found.dispatches * 4);
    // At least the weights, their gradients and their momenta.
    expect(found.peakBytes).toBeGreaterThan(3 * 4 * 5 * 9 * 16 * 16);
    expect(found.jsMs).toBeGreaterThan(0);
  });

  it('says what went wrong over there', async () => {
    await expect(ours().call('train', 1)).rejects.toThrow('A network must be built first.');
  });
});
