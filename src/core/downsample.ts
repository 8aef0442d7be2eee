/** Fewer points for a chart without losing what the eye would see. */

/** n buckets of equal width over [start, end]; the last one holds its right edge too. */
export interface Buckets {
  start: number;
  end: number;
  count: number;
}

/** Bucket that a position falls into, clamped to the first and the last. */
export function bucketOf(x: number, { start, end, count }: Buckets): number {
  if (!(end > start)) return 0;
  return Math.min(count - 1, Math.max(0, Math.floor(((x - start) / (end - start)) * count)));
}

/**
 * Picks at most one point per bucket: the one that makes the largest triangle with the point picked before and the mean of the
 * next bucket, so peaks survive. Largest-triangle-three-buckets (Steinarsson 2013) with buckets of equal width in x instead of
 * equal count, so that several series share one grid. x ascending; points whose y is not finite are never picked.
 * Returns one index per bucket, -1 where it has no point.
 */
export function pickPerBucket(x: ArrayLike<number>, y: ArrayLike<number>, buckets: Buckets): Int32Array {
  const picked = new Int32Array(buckets.count).fill(-1);
  const groups: { bucket: number; from: number; to: number; x: number; y: number }[] = [];
  for (let i = 0; i < x.length; i++) {
    const value = y[i] as number;
    if (!Number.isFinite(value)) continue;
    const at = x[i] as number;
    const bucket = bucketOf(at, buckets);
    let group = groups[groups.length - 1];
    if (!group || group.bucket !== bucket) {
      group = { bucket, from: i, to: i, x: 0, y: 0 };
      groups.push(group);
    }
    // Running mean of the bucket.
    const n = i - group.from + 1;
    group.x += (at - group.x) / n;
    group.y += (value - group.y) / n;
    group.to = i + 1;
  }
  let previousX = 0;
  let previousY = 0;
  for (const [g, group] of groups.entries()) {
    const next = groups[g + 1];
    let best = -1;
    let bestArea = -1;
    for (let i = group.from; i < group.to; i++) {
      const px = x[i] as number;
      const py = y[i] as number;
      if (!Number.isFinite(py)) continue;
      // The ends are kept as they are: the first point of the first bucket, the last of the last.
      const area =
        g === 0
          ? -i
          : next
            ? Math.abs((previousX - next.x) * (py - previousY) - (previousX - px) * (next.y - previousY))
            : i;
      if (best < 0 || area > bestArea) {
        best = i;
        bestArea = area;
      }
    }
    picked[group.bucket] = best;
    previousX = x[best] as number;
    previousY = y[best] as number;
  }
  return picked;
}

/**
 * Exponential moving average, debiased as Adam's (no pull towards 0 at the start): weight in [0, 1) of the past, 0 = unchanged.
 * Values that are not finite are passed through and left out of the average.
 */
export function smooth(values: ArrayLike<number>, weight: number): Float64Array {
  const out = new Float64Array(values.length);
  let sum = 0;
  let mass = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) {
      out[i] = value;
      continue;
    }
    sum = sum * weight + value * (1 - weight);
    mass = mass * weight + (1 - weight);
    out[i] = sum / mass;
  }
  return out;
}

/** Last index whose x is <= at (x ascending), -1 if there is none. */
export function indexAt(x: ArrayLike<number>, at: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((x[middle] as number) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
