/** `bench`: our trainer against stock tf.layers and jax-js, on the adapter that Chromium or Dawn offers, in one run. */
import type { Footprint } from '../bench/footprint';
import type { BenchResult, Progress, Speed, SpeedWorkload } from '../bench/run-bench';
import { readArguments } from './arguments';
import { benchOnDawn } from './bench-dawn';
import type { BenchRequest } from './bench-page';
import { Failure } from './failure';
import { withHeadlessPage } from './headless-page';
import { answer, type Output } from './output';

const WORKLOADS: readonly SpeedWorkload[] = ['residual', 'resnet-vd', 'resnet50-vd', 'cmt'];
const QUICK_WORKLOADS: readonly SpeedWorkload[] = ['residual', 'resnet-vd'];
const TURNS = 5;
const QUICK_TURNS = 3;

/** Chromium's own WebGPU, or the same one in Node, which reaches adapters that Chromium does not offer. */
const RUNTIMES = ['chromium', 'dawn'] as const;

interface Wanted extends BenchRequest {
  runtime: (typeof RUNTIMES)[number];
  json: boolean;
  out: string | undefined;
}

/** What to measure, and where. Throws a Failure that names an unknown workload or runtime. */
export function benchRequest(argv: readonly string[]): Wanted {
  const args = readArguments(argv, ['workloads', 'runtime', 'out'], 0, ['quick']);
  if (Object.keys(args.set).length > 0) throw new Failure('bench has fixed workloads: --set changes none of them.');
  const quick = args.flags.has('quick');
  const named = args.values.workloads?.split(',') ?? (quick ? QUICK_WORKLOADS : WORKLOADS);
  const unknown = named.find((name) => !(WORKLOADS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new Failure(`There is no workload "${unknown}". There are: ${WORKLOADS.join(', ')}.`);
  }
  const asked = args.values.runtime ?? 'chromium';
  const runtime = RUNTIMES.find((name) => name === asked);
  if (!runtime) throw new Failure(`There is no runtime "${asked}". There are: ${RUNTIMES.join(', ')}.`);
  return {
    runtime,
    workloads: named as SpeedWorkload[],
    turns: quick ? QUICK_TURNS : TURNS,
    firstStep: 'resnet-vd',
    budget: true,
    json: args.json,
    out: args.values.out,
  };
}

const ms = (value: number) => `${value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en')} ms`;
const times = (factor: number) => `${factor.toFixed(1)}x`;

/** ", NAME TIME (RATIO)" of a rival that ran. */
const rival = (name: string, time: number | null, factor: number | null) =>
  time === null || factor === null ? '' : `, ${name} ${ms(time)} (${times(factor)})`;

function speedLine({ workload, oursMs, stockMs, jaxMs, vsStock, vsJax, gemmFraction }: Speed): string {
  const rivals = `${rival('stock', stockMs, vsStock)}${rival('jax-js', jaxMs, vsJax)}`;
  return `${workload}: ${ms(oursMs)} a step${rivals}, ${(100 * gemmFraction).toFixed(0)} % of the matrix product's rate`;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`;

function budgetLine({ model, batch, size, stock, ...ours }: NonNullable<BenchResult['budget']>): string {
  const fact = (words: string, of: (one: Footprint) => string) =>
    `${of(ours)} ${words}${stock ? ` (${of(stock)})` : ''}`;
  return [
    `${model}, batch ${batch} at ${size} px, a step${stock ? ' (stock)' : ''}: ${fact('dispatches', ({ dispatches }) => String(dispatches))}`,
    fact('submits', ({ submits }) => String(submits)),
    fact('uploaded', ({ uploadBytes }) => megabytes(uploadBytes)),
    fact('bound', ({ boundBytes }) => megabytes(boundBytes)),
    fact('at the peak', ({ peakBytes }) => megabytes(peakBytes)),
    fact('of JavaScript', ({ jsMs }) => ms(jsMs)),
  ].join(', ');
}

/** The result in words. */
export function summaryOf({ adapter, budget, speed, startup, data }: BenchResult): string {
  const { pipelines, compileMs, stockCompileMs } = startup;
  const lines = [adapter, ...speed.map(speedLine)];
  const theirs = stockCompileMs === null ? '' : `, stock ${ms(stockCompileMs)}`;
  lines.push(`first step: ${ms(compileMs)} with ${pipelines} pipelines${theirs}`);
  if (budget) lines.push(budgetLine(budget));
  for (const [size, rate] of Object.entries(data?.imagesPerSecond ?? {}))
    lines.push(`one data worker: ${Math.round(rate)} images/s at ${size} px`);
  return lines.join('\n');
}

async function benchInChromium(request: BenchRequest, progress: Progress): Promise<BenchResult> {
  const source = {
    path: 'src/cli/bench.html',
    entries: ['src/cli/bench-page.ts', 'src/bench/*.worker.ts', 'src/data/worker.ts'],
  };
  const outcome = await withHeadlessPage(source, async (page) => {
    await page.exposeFunction('reportProgress', progress);
    await page.waitForFunction('window.runBenchmark !== undefined');
    return page.evaluate(
      (asked: BenchRequest) =>
        window.runBenchmark(asked).then(
          (result) => ({ result }),
          (error: Error) => ({ failure: error.message }),
        ),
      request,
    );
  });
  if ('failure' in outcome) throw new Failure(outcome.failure);
  return outcome.result;
}

export async function bench(argv: readonly string[], output: Output): Promise<void> {
  const { json, out, runtime, ...request } = benchRequest(argv);
  const run = { chromium: benchInChromium, dawn: benchOnDawn }[runtime];
  const result = await run(request, (message) => output.stderr(`${message}\n`));
  answer(output, result, summaryOf(result), { json, file: out });
}
