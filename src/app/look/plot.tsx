import { type ReactNode, useId } from 'react';
import styles from './plot.module.css';

export interface Tick {
  /** Place on the axis, in [0, 1]. */
  at: number;
  text: string;
}

interface PlotProps {
  /** What the plot shows, in words: its text alternative. */
  label: string;
  x: readonly Tick[];
  y: readonly Tick[];
  xTitle?: string;
  /** Pixels. */
  height: number;
  /** A value that is chosen by dragging in the plot, or with the arrow keys. */
  cursor?: Cursor;
  /** Paths in the units of `unit`. */
  children: ReactNode;
}

export interface Cursor {
  label: string;
  min: number;
  max: number;
  step: number;
  value: number;
  /** The value in words, for screen readers. */
  text: string;
  onChange: (value: number) => void;
}

/** The drawing is this wide and high, whatever room it has; strokes keep their width. */
const SIDE = 1000;

/** A path through points in [0, 1] x [0, 1], y upwards; a point that is no number makes a gap. */
export function pathOf(points: readonly (readonly [number, number])[]): string {
  let path = '';
  let drawing = false;
  for (const [x, y] of points) {
    const known = Number.isFinite(x) && Number.isFinite(y);
    if (known) path += `${drawing ? 'L' : 'M'}${(x * SIDE).toFixed(1)} ${((1 - y) * SIDE).toFixed(1)}`;
    drawing = known;
  }
  return path;
}

/** Round marks at points in [0, 1] x [0, 1]: strokes without length. */
export const dotsOf = (points: readonly (readonly [number, number])[]) =>
  points.map(([x, y]) => `M${(x * SIDE).toFixed(1)} ${((1 - y) * SIDE).toFixed(1)}h0`).join('');

/** Axes from 0 to 1 with what is drawn on them, and a cursor over it where one is asked for. */
export function Plot({ label, x, y, xTitle, height, cursor, children }: PlotProps) {
  const id = useId();
  const at = cursor && (cursor.value - cursor.min) / Math.max(Number.MIN_VALUE, cursor.max - cursor.min);
  return (
    <div className={styles.plot}>
      <div className={styles.area} style={{ height }}>
        {y.map((tick) => (
          <span key={tick.at} className={styles.yTick} style={{ bottom: `${tick.at * 100}%` }}>
            {tick.text}
          </span>
        ))}
        <svg viewBox={`0 0 ${SIDE} ${SIDE}`} preserveAspectRatio="none" role="img" aria-label={label}>
          {y.map((tick) => (
            <path key={tick.at} className={styles.grid} d={`M0 ${(1 - tick.at) * SIDE}h${SIDE}`} />
          ))}
          {children}
          {at !== undefined && <path className={styles.cursor} d={`M${at * SIDE} 0v${SIDE}`} />}
        </svg>
        {cursor && (
          <input
            id={id}
            className={styles.slider}
            type="range"
            aria-label={cursor.label}
            aria-valuetext={cursor.text}
            min={cursor.min}
            max={cursor.max}
            step={cursor.step}
            value={cursor.value}
            onChange={(event) => cursor.onChange(Number(event.target.value))}
          />
        )}
      </div>
      <div className={styles.xTicks}>
        {x.map((tick) => (
          <span key={tick.at} style={{ left: `${tick.at * 100}%` }}>
            {tick.text}
          </span>
        ))}
      </div>
      {xTitle && <p className={styles.xTitle}>{xTitle}</p>}
    </div>
  );
}

/** Per cent at the quarters. */
export const shareTicks: readonly Tick[] = [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, text: `${at * 100} %` }));
