/** Curves of several runs on one grid of at most a few hundred rows: what charts draw, whatever the length of the runs. */
import { type Buckets, bucketOf, indexAt, pickPerBucket, smooth } from '../core/downsample';
import type { Series } from './series';

export type Axis = 'step' | 'epoch' | 'images' | 'time';
export type Metric = 'loss' | 'top1' | 'lr' | 'imagesPerSecond';

/** x, then one value per key(run, ...); absent where a run has no point in the row. */
export type Row = { x: number } & Record<string, number | undefined>;

export interface PlottedRun {
  id: string;
  series: Series;
}

export interface Plan {
  /** Learning rate before update number u, from 0. */
  lr: (update: number) => number;
  updatesPerEpoch: number;
  /** On average over an epoch. */
  imagesPerUpdate: number;
  totalUpdates: number;
}

export interface RowOptions {
  axis: Axis;
  /** Weight of the past, [0, 1). */
  smoothing: number;
  /** Rows over what has been trained. */
  limit: number;
  /** The schedule of the experiment on the form; has no place on a time axis. */
  plan?: Plan | undefined;
}

const PLAN_ROWS = 160;
const smoothed: readonly Metric[] = ['loss', 'top1'];

/** What is validated: the weights, and their moving average where a run keeps one. */
type Evaluated = 'validationLoss' | 'validationTop1' | 'validationTop5' | 'averagedLoss' | 'averagedTop1';

/** Key of a value in a row. raw: as measured, before smoothing. */
export const rowKey = (run: string, what: Metric | 'raw' | Evaluated) => `${what}:${run}`;

/** Key of the planned learning rate. */
export const PLAN_KEY = 'plan';

function positions(series: Series, axis: Axis): Float64Array {
  if (axis === 'time') return series.column('timeMs').map((ms) => ms / 1000);
  return series.column(axis);
}

/**
 * Rows for the charts. Up to `limit` steps every step is a row; beyond that rows are buckets of equal width and each curve keeps
 * the point of a bucket that matters most to its shape.
 */
export function buildRows(runs: readonly PlottedRun[], options: RowOptions): Row[] {
  const { axis, smoothing, limit, plan } = options;
  const places = runs.map(({ series }) => positions(series, axis));
  const end = Math.max(0, ...places.map((x) => x.at(-1) ?? 0));
  const exact = axis === 'step' && end <= limit;
  const buckets: Buckets = exact ? { start: 0.5, end: end + 0.5, count: end } : { start: 0, end, count: limit };
  const width = buckets.count ? (buckets.end - buckets.start) / buckets.count : 0;
  const rows: Row[] =
    end > 0 ? Array.from({ length: buckets.count }, (_, i) => ({ x: buckets.start + (i + 0.5) * width })) : [];
  if (exact) for (const [i, row] of rows.entries()) row.x = i + 1;
  const put = (row: number, key: string, value: number) => {
    const target = rows[row];
    if (target && Number.isFinite(value)) target[key] = value;
  };
  for (const [r, { id, series }] of runs.entries()) {
    const x = places[r] as Float64Array;
    for (const metric of ['loss', 'top1', 'lr', 'imagesPerSecond'] as const) {
      const raw = metric === 'imagesPerSecond' ? series.throughput() : series.column(metric);
      const soft = smoothing > 0 && smoothed.includes(metric) ? smooth(raw, smoothing) : raw;
      for (const [row, index] of pickPerBucket(x, soft, buckets).entries())
        if (index >= 0) put(row, rowKey(id, metric), soft[index] as number);
      if (metric === 'loss' && soft !== raw)
        for (const [row, index] of pickPerBucket(x, raw, buckets).entries())
          if (index >= 0) put(row, rowKey(id, 'raw'), raw[index] as number);
    }
    for (const evaluation of series.evaluations) {
      if (evaluation.split === 'train') continue;
      // An evaluation stands where the training step before it stands.
      const at = x[indexAt(series.column('step'), evaluation.step)];
      if (at === undefined) continue;
      const row = bucketOf(at, buckets);
      if (evaluation.averaged) {
        put(row, rowKey(id, 'averagedLoss'), evaluation.loss);
        put(row, rowKey(id, 'averagedTop1'), evaluation.top1);
        continue;
      }
      put(row, rowKey(id, 'validationLoss'), evaluation.loss);
      put(row, rowKey(id, 'validationTop1'), evaluation.top1);
      put(row, rowKey(id, 'validationTop5'), evaluation.top5);
    }
  }
  return plan && axis !== 'time' ? withPlan(rows, plan, axis, exact) : rows;
}

/** Adds the planned rate to every row and rows for the part of the plan that no run has reached. */
function withPlan(rows: Row[], plan: Plan, axis: Axis, exact: boolean): Row[] {
  const { totalUpdates, updatesPerEpoch, imagesPerUpdate, lr } = plan;
  const perUpdate = axis === 'epoch' ? 1 / updatesPerEpoch : axis === 'images' ? imagesPerUpdate : 1;
  // Step s is update s - 1.
  const rateAt = (x: number) => lr(Math.min(totalUpdates - 1, Math.max(0, Math.round(x / perUpdate) - 1)));
  for (const row of rows) if (row.x <= totalUpdates * perUpdate) row[PLAN_KEY] = rateAt(row.x);
  const done = Math.round((rows.at(-1)?.x ?? 0) / perUpdate);
  const left = totalUpdates - done;
  const count = Math.min(left, PLAN_ROWS);
  for (let i = 1; i <= count; i++) {
    const step = done + Math.round((left * i) / count);
    const x = exact || axis === 'step' ? step : step * perUpdate;
    rows.push({ x, [PLAN_KEY]: rateAt(x) });
  }
  return rows;
}
