/** `bench`: our trainer against stock tf.layers and jax-js, on the adapter that Chromium offers, in one run. */
import type { BenchResult, Speed, SpeedWorkload } from '../bench/run-bench';
import { readArguments } from './arguments';
import type { BenchRequest } from './bench-page';
import { Failure } from './failure';
import { withHeadlessPage } from './headless-page';
import { answer, type Output } from './output';

const WORKLOADS: readonly SpeedWorkload[] = ['residual', 'resnet-vd', 'resnet50-vd', 'cmt'];
const QUICK_WORKLOADS: readonly SpeedWorkload[] = ['residual', 'resnet-vd'];
const TURNS = 5;
const QUICK_TURNS = 3;

/** What to measure. Throws a Failure that names an unknown workload. */
export function benchRequest(argv: readonly string[]): BenchRequest & { json: boolean; out: string | undefined } {
  const args = readArguments(argv, ['workloads', 'out'], 0, ['quick']);
  if (Object.keys(args.set).length > 0) throw new Failure('bench has fixed workloads: --set changes none of them.');
  const quick = args.flags.has('quick');
  const named = args.values.workloads?.split(',') ?? (quick ? QUICK_WORKLOADS : WORKLOADS);
  const unknown = named.find((name) => !(WORKLOADS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new Failure(`There is no workload "${unknown}". There are: ${WORKLOADS.join(', ')}.`);
  }
  return {
    workloads: named as SpeedWorkload[],
    turns: quick ? QUICK_TURNS : TURNS,
    json: args.json,
    out: args.values.out,
  };
}

const ms = (value: number) => `${value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en')} ms`;
const times = (factor: number) => `${factor.toFixed(1)}x`;

function speedLine({ workload, oursMs, stockMs, jaxMs, vsStock, vsJax, gemmFraction }: Speed): string {
  const jax = jaxMs === null || vsJax === null ? '' : `, jax-js ${ms(jaxMs)} (${times(vsJax)})`;
  return `${workload}: ${ms(oursMs)} a step, stock ${ms(stockMs)} (${times(vsStock)})${jax}, ${(100 * gemmFraction).toFixed(0)} % of the matrix product's rate`;
}

function summaryOf({ adapter, budget, speed, startup }: BenchResult): string {
  const lines = [adapter, ...speed.map(speedLine)];
  const { pipelines, compileMs, stockCompileMs } = startup;
  lines.push(`first step: ${ms(compileMs)} with ${pipelines} pipelines, stock ${ms(stockCompileMs)}`);
  if (budget) {
    const { model, batch, size, dispatches, submits, uploadBytes, boundBytes, peakBytes, jsMs, stock } = budget;
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`;
    lines.push(
      `${model}, batch ${batch} at ${size} px, a step (stock): ${dispatches} dispatches (${stock.dispatches}), ${submits} submits (${stock.submits}), ` +
        `${megabytes(uploadBytes)} uploaded (${megabytes(stock.uploadBytes)}), ${megabytes(boundBytes)} bound (${megabytes(stock.boundBytes)}), ` +
        `${megabytes(peakBytes)} at the peak (${megabytes(stock.peakBytes)}), ${ms(jsMs)} of JavaScript (${ms(stock.jsMs)})`,
    );
  }
  return lines.join('\n');
}

export async function bench(argv: readonly string[], output: Output): Promise<void> {
  const { json, out, ...request } = benchRequest(argv);
  const source = {
    path: 'src/cli/bench.html',
    entries: ['src/cli/bench-page.ts', 'src/bench/*.worker.ts'],
  };
  const outcome = await withHeadlessPage(source, async (page) => {
    await page.exposeFunction('reportProgress', (message: string) => output.stderr(`${message}\n`));
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
  answer(output, outcome.result, summaryOf(outcome.result), { json, file: out });
}
