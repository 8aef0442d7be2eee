/** Small-sample statistics: a run is one draw, a claim needs an interval. */

export interface Interval {
  mean: number;
  /** Ends of the 95 % confidence interval; equal to the mean when n < 2 (nothing is known about the spread). */
  low: number;
  high: number;
  n: number;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation (n - 1); 0 for fewer than two values. */
function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** Middle value (mean of the two middle ones); NaN for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

// Two-sided 95 % quantiles of Student's t for 1 to 10 degrees of freedom (NIST e-Handbook 1.3.6.7.2).
const studentT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/** Two-sided 95 % quantile of Student's t: table to 10 degrees of freedom, then the Cornish-Fisher expansion (error < .001). */
export function studentQuantile(degrees: number): number {
  const tabled = studentT[degrees - 1];
  if (tabled !== undefined) return tabled;
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2);
}

/** Mean with its 95 % confidence interval by Student's t. */
export function meanInterval(values: readonly number[]): Interval {
  const centre = mean(values);
  const n = values.length;
  const half = n < 2 ? 0 : (studentQuantile(n - 1) * standardDeviation(values)) / Math.sqrt(n);
  return { mean: centre, low: centre - half, high: centre + half, n };
}
