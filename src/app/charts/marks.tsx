import type { Curve } from './curve';

/** How a run is marked everywhere: a colour that colour-blind people can tell apart, and a dash pattern of its own. */
const dashes = ['', '7 3', '2 3', '9 3 2 3', '5 2', '1 3', '12 4', '6 2 2 2 2 2'];

export const runColor = (index: number) => `var(--run-${index % dashes.length})`;
export const runDash = (index: number) => dashes[index % dashes.length] ?? '';

/** Measured now and then, at points that are marked. */
export const isMeasured = ({ weight }: Curve): boolean =>
  weight === 'bold' || weight === 'average' || weight === 'hollow';

/** The line of a run in small, for tables and readouts. */
export function Swatch({ color }: { color: number }) {
  return (
    <svg width="22" height="8" viewBox="0 0 22 8" aria-hidden="true" style={{ flex: 'none' }}>
      <path d="M0 4h22" stroke={runColor(color)} strokeWidth="2.500" strokeDasharray={runDash(color)} />
    </svg>
  );
}
