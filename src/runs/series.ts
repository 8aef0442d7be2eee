/** The full metric series of a run, outside React: typed arrays that grow. React gets rows of at most a few hundred points. */
import type { EvalMetrics, UpdateMetrics } from '../core/results';

export const columns = [
  'step',
  'epoch',
  'images',
  'timeMs',
  'loss',
  'top1',
  'top5',
  'lr',
  'imagesPerSecond',
  'dataWaitMs',
] as const satisfies readonly (keyof UpdateMetrics)[];

export type Column = (typeof columns)[number];
export type Chunk = Record<Column, Float64Array>;

/** Growing columns of step metrics plus the (few) evaluations of a run. Steps arrive in ascending order. */
export class Series {
  #length = 0;
  #data: Chunk = emptyColumns(256);
  readonly evaluations: EvalMetrics[] = [];
  /** Grows with every change: a cheap key for caches. */
  revision = 0;

  get length(): number {
    return this.#length;
  }

  /** A view of one column, [length]; valid until the next append. */
  column(name: Column): Float64Array {
    return this.#data[name].subarray(0, this.#length);
  }

  last(name: Column): number | undefined {
    return this.#length ? this.#data[name][this.#length - 1] : undefined;
  }

  append(metrics: readonly UpdateMetrics[]): void {
    this.#reserve(this.#length + metrics.length);
    for (const row of metrics) {
      for (const name of columns) this.#data[name][this.#length] = row[name];
      this.#length++;
    }
    this.revision++;
  }

  /** Appends columns as they were stored. */
  appendChunk(chunk: Chunk): void {
    const count = chunk.step.length;
    this.#reserve(this.#length + count);
    for (const name of columns) this.#data[name].set(chunk[name], this.#length);
    this.#length += count;
    this.revision++;
  }

  /** A copy of the steps from an index on, for storing. */
  chunkFrom(index: number): Chunk {
    const chunk = emptyColumns(0);
    for (const name of columns) chunk[name] = this.#data[name].slice(index, this.#length);
    return chunk;
  }

  evaluate(metrics: EvalMetrics): void {
    this.evaluations.push(metrics);
    this.revision++;
  }

  /** The last evaluation of the weights, or of their moving average. */
  lastEvaluation(averaged = false): EvalMetrics | undefined {
    return this.evaluations.findLast((metrics) => (metrics.averaged ?? false) === averaged);
  }

  /** Mean of the last (up to) n values of a column; NaN for none. */
  recentMean(name: Column, n: number): number {
    const values = this.column(name).subarray(-n);
    return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : Number.NaN;
  }

  /**
   * Images per second at every step: over the steps up to it that together took a second (or half of what there is, if that is
   * less). Rates of single steps say little, because steps that the GPU has run ahead come back together. The first step, which
   * compiles, is left out, as are pauses and validation. NaN where there is too little to tell.
   */
  throughput(): Float64Array {
    const images = this.column('images');
    const rates = this.column('imagesPerSecond');
    const out = new Float64Array(this.#length).fill(Number.NaN);
    const counts = images.map((total, i) => total - (i > 0 ? (images[i - 1] as number) : 0));
    const seconds = counts.map((count, i) => count / (rates[i] as number));
    const enough = Math.min(1, (seconds.reduce((sum, time) => sum + time, 0) - (seconds[0] ?? 0)) / 2);
    let from = 1;
    let time = 0;
    for (let i = 1; i < this.#length; i++) {
      time += seconds[i] as number;
      // The window is as short as it may be.
      while (from < i && time - (seconds[from] as number) >= enough) time -= seconds[from++] as number;
      if (time >= enough) out[i] = ((images[i] as number) - (images[from - 1] as number)) / time;
    }
    return out;
  }

  #reserve(needed: number): void {
    const capacity = this.#data.step.length;
    if (needed <= capacity) return;
    const larger = emptyColumns(Math.max(needed, capacity * 2));
    for (const name of columns) larger[name].set(this.#data[name]);
    this.#data = larger;
  }
}

function emptyColumns(length: number): Chunk {
  return Object.fromEntries(columns.map((name) => [name, new Float64Array(length)])) as Chunk;
}
