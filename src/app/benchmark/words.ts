/** A benchmark in words, for chats, issues and programs. */
import { type Benchmark, workloadNames } from './result';

/** Milliseconds with the digits that mean something. */
export const formatMs = (ms: number) =>
  ms < 10 ? `${ms.toFixed(2)} ms` : ms < 100 ? `${ms.toFixed(1)} ms` : `${Math.round(ms).toLocaleString('en')} ms`;

/** How many times longer the rival takes; '' where it can't run. */
export const formatFactor = (ours: number, theirs: number | null) =>
  theirs === null ? '' : `${(theirs / ours).toFixed(1)}×`;

export const formatPart = (fraction: number) => `${Math.round(fraction * 100)} %`;

const orDash = (value: number | null) => (value === null ? '–' : formatMs(value));

/** Name, ours, stock, factor and part of the matrix product's rate, row by row; the first step last. */
export function rowsOf({ speed, startup }: Benchmark): { name: string; cells: [string, string, string, string] }[] {
  const { compileMs, stockCompileMs } = startup;
  return [
    ...speed.map(({ workload, oursMs, stockMs, gemmFraction }) => ({
      name: workloadNames[workload],
      cells: [formatMs(oursMs), orDash(stockMs), formatFactor(oursMs, stockMs), formatPart(gemmFraction)] as [
        string,
        string,
        string,
        string,
      ],
    })),
    {
      name: 'First step of the five layers, compiling included',
      cells: [formatMs(compileMs), orDash(stockCompileMs), formatFactor(compileMs, stockCompileMs), ''],
    },
  ];
}

export const columnNames = ['Tricklab', 'Stock tf.layers', 'Times faster', 'Of matrix rate'] as const;

const title = ({ adapter }: Benchmark) => `A training step on ${adapter}`;

/** A line for each row. */
export const toText = (shared: Benchmark) =>
  [
    title(shared),
    ...rowsOf(shared).map(({ name, cells: [ours, stock, factor, part] }) => {
      const rival = factor && `, stock tf.layers ${stock} (${factor})`;
      return `${name}: Tricklab ${ours}${rival}${part && `, ${part} of the matrix product's rate`}`;
    }),
  ].join('\n');

export const toMarkdown = (shared: Benchmark) =>
  [
    `${title(shared)}:`,
    '',
    `| | ${columnNames.join(' | ')} |`,
    `|---|${columnNames.map(() => '---:').join('|')}|`,
    ...rowsOf(shared).map(({ name, cells }) => `| ${name} | ${cells.join(' | ')} |`),
  ].join('\n');

export const toJson = (shared: Benchmark) => JSON.stringify(shared, null, 2);
