/** A benchmark in words, for chats, issues and programs. */
import { formatFactor, formatMilliseconds, formatPercent } from '../../core/format';
import { type Benchmark, workloadNames } from './result';

/** How many times longer the rival takes; '' where it can't run. */
const factorOf = (ours: number, theirs: number | null) => (theirs === null ? '' : formatFactor(theirs / ours));

const orDash = (value: number | null) => (value === null ? '–' : formatMilliseconds(value));

/** Name, ours, stock, factor and part of the matrix product's rate, row by row; the first step last. */
export function rowsOf({ speed, startup }: Benchmark): { name: string; cells: [string, string, string, string] }[] {
  const { compileMs, stockCompileMs } = startup;
  return [
    ...speed.map(({ workload, oursMs, stockMs, gemmFraction }) => ({
      name: workloadNames[workload],
      cells: [formatMilliseconds(oursMs), orDash(stockMs), factorOf(oursMs, stockMs), formatPercent(gemmFraction)] as [
        string,
        string,
        string,
        string,
      ],
    })),
    {
      name: 'First step of the five layers, compiling included',
      cells: [formatMilliseconds(compileMs), orDash(stockCompileMs), factorOf(compileMs, stockCompileMs), ''],
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
