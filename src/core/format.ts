/** Numbers as people read them: few digits, fixed width where they change, the unit beside them. */

const DASH = '–';
const known = (value: number | undefined): value is number => value !== undefined && Number.isFinite(value);

export const formatLoss = (value: number | undefined) =>
  known(value) ? (value >= 100 ? value.toPrecision(4) : value.toFixed(value >= 10 ? 2 : 3)) : DASH;

/** A share in [0, 1] as whole per cent. */
export const formatPercent = (share: number) => `${Math.round(share * 100)} %`;

/** A share in [0, 1] as per cent with one decimal. */
export const formatShare = (value: number | undefined) => (known(value) ? `${(value * 100).toFixed(1)} %` : DASH);

export const formatRate = (value: number | undefined) =>
  known(value)
    ? value === 0
      ? '0'
      : value >= 0.001
        ? String(Number(value.toPrecision(3)))
        : value.toExponential(1)
    : DASH;

const scales = [
  { unit: 'G', size: 1e9, from: 1e9 },
  { unit: 'M', size: 1e6, from: 1e6 },
  { unit: 'k', size: 1e3, from: 1e4 },
] as const;

/** 1,234, 34.3 k or 25.6 M: three digits where there is a unit. */
export function formatCount(value: number | undefined): string {
  if (!known(value)) return DASH;
  const rounded = Number(value.toPrecision(3));
  const scale = scales.find(({ from }) => rounded >= from);
  if (scale) return `${(rounded / scale.size).toPrecision(3)} ${scale.unit}`;
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
}

export function formatBytes(bytes: number | undefined): string {
  if (!known(bytes)) return DASH;
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.max(1, Math.round(bytes / 1e3))} kB`;
}

/** Milliseconds with the digits that mean something. */
export const formatMilliseconds = (ms: number) =>
  ms < 10 ? `${ms.toFixed(2)} ms` : ms < 100 ? `${ms.toFixed(1)} ms` : `${Math.round(ms).toLocaleString('en')} ms`;

/** How many times more. */
export const formatFactor = (factor: number) => `${factor.toFixed(1)}×`;

/** Percentage points with their sign. */
export const formatPoints = (points: number) => `${points < 0 ? '−' : '+'}${Math.abs(points).toFixed(2)}`;

/** Seconds as 8 s, 4 min 10 s, 2 h 5 min, 3 d 4 h. */
export function formatDuration(seconds: number | undefined): string {
  if (!known(seconds)) return DASH;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** Seconds of an estimate, no finer than it can be: 8 s, 40 s, 4 min, 2.5 h, 3 d. */
export function formatRoughDuration(seconds: number | undefined): string {
  if (!known(seconds)) return DASH;
  if (seconds < 9.5) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 55) return `${Math.round(seconds / 5) * 5} s`;
  if (seconds < 3570) return `${Math.max(1, Math.round(seconds / 60))} min`;
  const hours = seconds / 3600;
  if (hours < 10) return `${Number(hours.toFixed(1))} h`;
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} d`;
}
