/** What the benchmark measured, in words. */
import type { Footprint } from '../bench/footprint';
import type { BenchResult, Speed } from '../bench/run-bench';

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
