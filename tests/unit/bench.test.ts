/** The benchmark without a GPU: what it is asked for, how it is judged, and what it gives. */
import { describe, expect, it } from 'vitest';
import type { Calls, Turn } from '../../src/bench/contender';
import { type BenchOptions, runBench } from '../../src/bench/run-bench';
import { noiseBatch, stepFlops, workloads } from '../../src/bench/workloads';
import { benchRequest } from '../../src/cli/bench';
import { main } from '../../src/cli/main';

describe('bench', () => {
  it('takes all workloads, and fewer of them in fewer turns with --quick', () => {
    expect(benchRequest([]).workloads).toEqual(['residual', 'resnet-vd', 'resnet50-vd', 'cmt']);
    expect(benchRequest(['--quick', '--json'])).toMatchObject({ workloads: ['residual', 'resnet-vd'], json: true });
    expect(benchRequest(['--quick']).turns).toBeLessThan(benchRequest([]).turns);
    expect(benchRequest(['--quick', '--workloads', 'cmt,residual']).workloads).toEqual(['cmt', 'residual']);
  });

  it.each([
    [['--workloads', 'vgg'], 'There is no workload "vgg". There are: residual, resnet-vd, resnet50-vd, cmt.'],
    [['--slow'], "Unknown option '--slow'."],
    [['--set', 'data.size=8'], 'bench has fixed workloads: --set changes none of them.'],
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

/** A worker that answers as a contender would, without computing. */
function fakeWorker({ stepMs, losses }: Plan, calls: string[]): Worker {
  let listener: (event: { data: unknown }) => void = () => undefined;
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
  const worker = {
    addEventListener(type: string, heard: typeof listener) {
      if (type === 'message') listener = heard;
    },
    postMessage({ id, name, args }: { id: number; name: keyof Calls; args: [number] }) {
      calls.push(name);
      queueMicrotask(() => listener({ data: { id, result: answers[name](args[0]) } }));
    },
    terminate: () => calls.push('closed'),
  };
  return worker as unknown as Worker;
}

const falling = [2, 1.5, 1];

function options(plans: { ours: Plan; stock: Plan; jax?: Plan }, calls: string[] = []): BenchOptions {
  const { ours, stock, jax } = plans;
  return {
    workloads: ['residual'],
    turns: 3,
    budget: true,
    contenders: {
      ours: () => fakeWorker(ours, calls),
      stock: () => fakeWorker(stock, calls),
      ...(jax && { jax: () => fakeWorker(jax, calls) }),
    },
  };
}

const run = (asked: BenchOptions) => runBench(asked, () => undefined);

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
    });
    // The adapter, two first steps, two budgets, and four in the race: three contenders and the matrix product.
    expect(calls.filter((name) => name === 'closed')).toHaveLength(9);
  });

  it('does without jax-js where nobody brings it', async () => {
    const [speed] = (await run(options({ ours, stock }))).speed;
    expect(speed).toMatchObject({ jaxMs: null, vsJax: null, vsStock: 20 });
  });

  it.each([
    ['starts elsewhere', [3, 2.5, 2], 'jax starts at another loss than ours, 2.000: 3.000'],
    ['does not learn', [2, 2, 2], 'jax does not learn: 2.000'],
    ['diverges', [2, Number.NaN], 'jax does not learn: 2.000, NaN'],
  ])('is refused with a rival that %s', async (_how, losses, message) => {
    await expect(run(options({ ours, stock, jax: { stepMs: 300, losses } }))).rejects.toThrow(message);
  });
});
