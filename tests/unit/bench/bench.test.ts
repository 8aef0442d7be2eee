/** The benchmark without a GPU: what it is asked for, how it is judged, and what it gives. */
import { describe, expect, it } from 'vitest';
import type { Calls, Turn } from '../../../src/bench/contender';
import { type BenchOptions, type Progress, runBench } from '../../../src/bench/run-bench';
import { noiseBatch, stepFlops, workloads } from '../../../src/bench/workloads';
import { summaryOf } from '../../../src/cli/bench-words';
import { benchRequest } from '../../../src/cli/commands/bench';
import { main } from '../../../src/cli/main';
import type { Peer } from '../../../src/platform/calls';

describe('bench', () => {
  it('takes all workloads, and fewer of them in fewer turns with --quick', () => {
    expect(benchRequest(false, undefined).workloads).toEqual(['residual', 'resnet-vd', 'resnet50-vd', 'cmt']);
    expect(benchRequest(true, undefined).workloads).toEqual(['residual', 'resnet-vd']);
    expect(benchRequest(true, undefined).turns).toBeLessThan(benchRequest(false, undefined).turns);
    expect(benchRequest(true, ['cmt', 'residual']).workloads).toEqual(['cmt', 'residual']);
  });

  it.each([
    [['--workloads', 'vgg'], 'There is no workload "vgg". There are: residual, resnet-vd, resnet50-vd, cmt.'],
    [['--runtime', 'deno'], 'There is no runtime "deno". There are: chromium, dawn.'],
    [['--slow'], 'bench has no option --slow. It has --quick, --workloads, --runtime, --out, --json, --help.'],
    [
      ['--set', 'data.size=8'],
      'bench has no option --set. It has --quick, --workloads, --runtime, --out, --json, --help.',
    ],
    [['residual'], 'There is a word too many: "residual".'],
  ])('says in one line what is wrong with %j', async (argv, message) => {
    let stderr = '';
    const code = await main(['bench', ...argv], {
      stdout: () => undefined,
      stderr: (text) => {
        stderr += text;
      },
    });
    expect([code, stderr]).toEqual([1, `${message}\n`]);
  });
});

describe('a workload', () => {
  it('counts the operations of a step: six per multiply-add of its convolutions and its linear layer', () => {
    const pixels = 16 * 16 * 16;
    const macs = pixels * (3 * 16 + 5 * 9 * 16 * 16) + 16 * 16 * 10;
    expect(stepFlops(workloads.residual)).toBe(6 * macs);
  });

  it('has the same batch for all, as bytes and as the network sees them', () => {
    const { pixels, image, targets, labels } = noiseBatch(workloads.residual);
    expect(pixels).toHaveLength(16 * 16 * 16 * 3);
    expect(image[7]).toBeCloseTo((pixels[7] as number) / 127.5 - 1, 6);
    expect(targets.reduce((a, b) => a + b)).toBe(16);
    expect(targets[10 + (labels[1] as number)]).toBe(1);
    expect(noiseBatch(workloads.residual).pixels).toEqual(pixels);
  });
});

/** Milliseconds of a step, and the loss of each step in order; the last one for all later ones. */
interface Plan {
  stepMs: number;
  losses: number[];
}

const footprint = { dispatches: 9, submits: 2, uploadBytes: 8, boundBytes: 99, peakBytes: 77, jsMs: 1 };

/** A worker that answers as a contender would, without computing; one without a plan breaks at its first call. */
function fakeWorker(plan: Plan | undefined, calls: string[]): Peer {
  const { stepMs, losses } = plan ?? { stepMs: 0, losses: [] };
  let listener: (message: unknown) => void = () => undefined;
  let broken: (message: string) => void = () => undefined;
  let steps = 0;
  const answers: { [name in keyof Calls]: (count: number) => unknown } = {
    open: () => 'a fake adapter',
    build: () => undefined,
    tune: () => undefined,
    train: (count): Turn => ({
      stepMs,
      losses: Array.from({ length: count }, () => losses[Math.min(steps++, losses.length - 1)] as number),
    }),
    firstStep: () => ({ ms: 10 * stepMs, pipelines: 3 }),
    footprint: () => footprint,
    weights: () => new Map(),
    gemmRate: () => 1e9,
  };
  return {
    listen: (heard) => {
      listener = heard;
    },
    onFailure: (heard) => {
      broken = heard;
    },
    post(message) {
      const { id, name, args } = message as { id: number; name: keyof Calls; args: [number] };
      calls.push(name);
      queueMicrotask(() => {
        if (plan) listener({ id, result: answers[name](args[0]) });
        else broken('A worker of the benchmark failed: killed');
      });
    },
    close: () => calls.push('closed'),
  };
}

const falling = [2, 1.5, 1];

const throughput = { imagesPerSecond: { 64: 500, 224: 50 }, decodedImagesPerSecond: { 64: 1900, 224: 190 } };

/** A rival that is undefined breaks; without `jax` there is none. */
function options(
  plans: { ours: Plan; stock: Plan | undefined; jax?: Plan | undefined },
  calls: string[] = [],
): BenchOptions {
  const { ours, stock, jax } = plans;
  return {
    workloads: ['residual'],
    turns: 3,
    firstStep: 'resnet-vd',
    budget: true,
    contenders: {
      ours: () => fakeWorker(ours, calls),
      stock: () => fakeWorker(stock, calls),
      ...('jax' in plans && { jax: () => fakeWorker(jax, calls) }),
    },
    data: async () => throughput,
  };
}

const run = (asked: BenchOptions, progress: Progress = () => undefined) => runBench(asked, progress);

describe('the comparison', () => {
  const ours = { stepMs: 100, losses: falling };
  const stock = { stepMs: 2000, losses: falling };
  const jax = { stepMs: 300, losses: falling };

  it('gives the ratios to both rivals, the budget and the first step, and closes every worker', async () => {
    const calls: string[] = [];
    const result = await run(options({ ours, stock, jax }, calls));
    const gemmFraction = stepFlops(workloads.residual) / 0.1 / 1e9;
    expect(result).toEqual({
      adapter: 'a fake adapter',
      budget: { model: 'resnet50-vd', batch: 8, size: 224, ...footprint, stock: footprint },
      speed: [{ workload: 'residual', oursMs: 100, stockMs: 2000, jaxMs: 300, vsStock: 20, vsJax: 3, gemmFraction }],
      startup: { pipelines: 3, compileMs: 1000, stockCompileMs: 20_000 },
      data: throughput,
    });
    // The adapter, two first steps, two budgets, and four in the race: three contenders and the matrix product.
    expect(calls.filter((name) => name === 'closed')).toHaveLength(9);
  });

  it('does without jax-js where nobody brings it, and without data workers where there are none', async () => {
    const { data: _none, ...asked } = options({ ours, stock });
    const { speed, data } = await run(asked);
    expect(speed[0]).toMatchObject({ jaxMs: null, vsJax: null, vsStock: 20 });
    expect(data).toBeNull();
  });

  it('gives null for a rival that breaks, says why, and goes on', async () => {
    const messages: string[] = [];
    const result = await run(options({ ours, stock: undefined, jax: undefined }), (message) => messages.push(message));
    expect(result).toMatchObject({
      budget: { dispatches: 9, stock: null },
      speed: [{ oursMs: 100, stockMs: null, jaxMs: null, vsStock: null, vsJax: null }],
      startup: { compileMs: 1000, stockCompileMs: null },
    });
    const reason = 'fails here: A worker of the benchmark failed: killed';
    expect(messages).toContain(`residual: stock tfjs ${reason}`);
    expect(messages).toContain(`residual: jax-js ${reason}`);
    expect(summaryOf(result)).toContain('residual: 100 ms a step, ');
    expect(summaryOf(result)).not.toContain('stock');
  });

  it('says the result in words: rivals, budget, data workers', async () => {
    const words = summaryOf(await run(options({ ours, stock, jax })));
    expect(words).toContain('residual: 100 ms a step, stock 2,000 ms (20.0x), jax-js 300 ms (3.0x), ');
    expect(words).toContain('resnet50-vd, batch 8 at 224 px, a step (stock): 9 dispatches (9), 2 submits (2), ');
    expect(words).toContain('one data worker: 500 images/s at 64 px');
  });

  it.each([
    ['starts elsewhere', [3, 2.5, 2], 'jax starts at another loss than ours, 2.000: 3.000'],
    ['does not learn', [2, 2, 2], 'jax does not learn: 2.000'],
    ['diverges', [2, Number.NaN], 'jax does not learn: 2.000, NaN'],
  ])('is refused with a rival that %s', async (_how, losses, message) => {
    await expect(run(options({ ours, stock, jax: { stepMs: 300, losses } }))).rejects.toThrow(message);
  });
});
