import type { Axis, Row } from '../../runs/rows';
import { placeText } from './axis';
import styles from './charts.module.css';
import type { Curve } from './curve';
import { isMeasured } from './marks';

interface ReadoutProps {
  x: number;
  axis: Axis;
  rows: readonly Row[];
  curves: readonly Curve[];
  format: (value: number | undefined) => string;
}

/**
 * The value of a curve at a row: that of the row, or of its last point before. A line that has ended has none; what is measured
 * now and then (validation) keeps its last value.
 */
function valueAt(curve: Curve, rows: readonly Row[], at: number): number | undefined {
  const { key } = curve;
  const row = rows.slice(0, at + 1).findLast((candidate) => candidate[key] !== undefined);
  if (!row || isMeasured(curve) || row === rows[at]) return row?.[key];
  const goesOn = rows.slice(at).some((candidate) => candidate[key] !== undefined);
  return goesOn ? row[key] : undefined;
}

/** Values under the crosshair: a line for each run, a column for each of its curves. */
export function Readout({ x, axis, rows, curves, format }: ReadoutProps) {
  const at = rows.findLastIndex((row) => row.x <= x);
  const values = new Map(curves.map((curve) => [curve, valueAt(curve, rows, at)]));
  const read = curves.filter((curve) => curve.label !== undefined && values.get(curve) !== undefined);
  if (read.length === 0) return null;
  const labels = [...new Set(read.map(({ label }) => label))];
  const runs = [...new Map(read.map((curve) => [curve.run, curve])).values()];
  return (
    <table className={styles.readout}>
      <thead>
        <tr>
          <th>{placeText(axis, x)}</th>
          {labels.map((label) => (
            <th key={label} data-number>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {runs.map(({ run, name, color, dash }) => (
          <tr key={run}>
            <th>
              <svg width="14" height="8" viewBox="0 0 14 8" aria-hidden="true">
                <path d="M0 4h14" stroke={color} strokeWidth="2" strokeDasharray={dash} />
              </svg>
              {name}
            </th>
            {labels.map((label) => {
              const curve = read.find((candidate) => candidate.run === run && candidate.label === label);
              return (
                <td key={label} data-number>
                  {curve && format(values.get(curve))}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
