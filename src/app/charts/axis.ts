/** The axes: round places for their ticks, and how a place on the horizontal one is said. */
import type { Axis } from '../../runs/rows';

/** What one step of the axis is called. */
const axisNames = { step: 'update', epoch: 'epoch', images: 'image', time: 'time' } as const satisfies Record<
  Axis,
  string
>;

/** Round places from 0 to end, about `count` of them and never more than count + 1: multiples of 1, 2 or 5 times a power of ten. */
export function roundTicks(end: number, count: number): number[] {
  if (!(end > 0) || !Number.isFinite(end)) return [0];
  const least = end / count;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) as number);
  // Multiplied, not added up: 3 * .1 may be off in the last bit, a sum of thirty would be off for the eye.
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/** Round places from 0 to the first one that is not below the largest value: the whole of a vertical axis. */
export function coveringTicks(largest: number, count: number): number[] {
  const inside = roundTicks(largest, count);
  const step = inside[1];
  if (step === undefined) return [0, 1];
  const last = inside.at(-1) ?? 0;
  return last < largest ? [...inside, Number((inside.length * step).toPrecision(12))] : inside;
}

/** The largest unit of time in which the axis still has more than two whole units. */
function timeUnit(endSeconds: number): { seconds: number; name: string } {
  if (endSeconds > 2 * 3600) return { seconds: 3600, name: 'h' };
  return endSeconds > 120 ? { seconds: 60, name: 'min' } : { seconds: 1, name: 's' };
}

/** Ticks of an axis that ends at `end`, and their labels. Time is in seconds. */
export function axisTicks(axis: Axis, end: number): { ticks: number[]; label: (x: number) => string } {
  if (axis !== 'time') {
    const label = (x: number) => (x >= 10_000 ? `${Number((x / 1000).toPrecision(6))} k` : x.toLocaleString('en'));
    return { ticks: roundTicks(end, 6), label };
  }
  const { seconds, name } = timeUnit(end);
  return {
    ticks: roundTicks(end / seconds, 6).map((x) => x * seconds),
    label: (x) => (x === 0 ? '0' : `${Number((x / seconds).toPrecision(4))} ${name}`),
  };
}

/** A place on the axis in words, for the readout. */
export function placeText(axis: Axis, x: number): string {
  if (axis === 'time') {
    const { seconds, name } = timeUnit(x);
    return `${(x / seconds).toFixed(1)} ${name}`;
  }
  const digits = axis === 'epoch' ? 2 : 0;
  return `${axisNames[axis]} ${x.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}
