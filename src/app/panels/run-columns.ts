/** The columns of the runs table: how a value is read, shown and sorted. */

import { formatCount, formatLoss, formatRoughDuration, formatShare } from '../../core/format';
import type { Run } from '../../runs/run';

export interface RunColumn {
  label: string;
  title?: string;
  /** What the column sorts by; undefined stands last in both directions. */
  value: (run: Run) => number | undefined;
  text: (run: Run) => string;
  /** Of the moving average of the weights, which few runs keep. */
  averaged?: true;
  /** A first press on the heading puts the largest first. */
  largestFirst: boolean;
}

/** Columns of numbers, left to right. */
export const runColumns: readonly RunColumn[] = [
  {
    label: 'Updates',
    value: ({ summary }) => summary.step,
    text: ({ summary, totalSteps, state }) => {
      const done = summary.step.toLocaleString('en');
      return totalSteps && state !== 'finished' ? `${done} / ${totalSteps.toLocaleString('en')}` : done;
    },
    largestFirst: true,
  },
  {
    label: 'Train loss',
    title: 'Mean of the last 20 updates',
    value: ({ summary }) => summary.trainLoss,
    text: ({ summary }) => formatLoss(summary.trainLoss),
    largestFirst: false,
  },
  {
    label: 'Val. loss',
    title: 'Validation loss, as last measured',
    value: ({ summary }) => summary.validationLoss,
    text: ({ summary }) => formatLoss(summary.validationLoss),
    largestFirst: false,
  },
  {
    label: 'Top-1',
    title: 'Validation images whose first guess is right',
    value: ({ summary }) => summary.top1,
    text: ({ summary }) => formatShare(summary.top1),
    largestFirst: true,
  },
  {
    label: 'EMA top-1',
    title: 'The same of the moving average of the weights',
    value: ({ summary }) => summary.averagedTop1,
    text: ({ summary }) => formatShare(summary.averagedTop1),
    averaged: true,
    largestFirst: true,
  },
  {
    label: 'Top-5',
    title: 'Validation images whose label is among the first five guesses',
    value: ({ summary }) => summary.top5,
    text: ({ summary }) => formatShare(summary.top5),
    largestFirst: true,
  },
  {
    label: 'Images/s',
    title: 'Images trained on per second, as last measured',
    value: ({ summary }) => summary.imagesPerSecond,
    text: ({ summary }) => formatCount(summary.imagesPerSecond),
    largestFirst: true,
  },
  {
    label: 'Time',
    title: 'From Train to the last update, pauses left out',
    value: ({ summary }) => summary.timeMs || undefined,
    text: ({ summary }) => formatRoughDuration(summary.timeMs ? summary.timeMs / 1000 : undefined),
    largestFirst: false,
  },
];

const withoutAverages = runColumns.filter(({ averaged }) => !averaged);

/** The columns that a table of these runs has. */
export const columnsFor = (runs: readonly Run[]): readonly RunColumn[] =>
  runs.some(({ summary }) => summary.averagedTop1 !== undefined) ? runColumns : withoutAverages;

export interface Order {
  /** Label of the column; undefined: by age. */
  column: string | undefined;
  largestFirst: boolean;
}

/** Newest first. */
export const byAge: Order = { column: undefined, largestFirst: true };

/** What a press on a heading makes of the order: this column, then the other way round, then by age again. */
export function nextOrder(order: Order, column: RunColumn): Order {
  if (order.column !== column.label) return { column: column.label, largestFirst: column.largestFirst };
  return order.largestFirst === column.largestFirst ? { ...order, largestFirst: !order.largestFirst } : byAge;
}

/** The runs in an order; runs of equal value, and runs without one at the end, newest first. */
export function sortRuns(runs: readonly Run[], { column, largestFirst }: Order): Run[] {
  const value = runColumns.find(({ label }) => label === column)?.value;
  const newestFirst = runs.toSorted((a, b) => b.number - a.number);
  if (!value) return newestFirst;
  return newestFirst.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return largestFirst ? y - x : x - y;
  });
}
