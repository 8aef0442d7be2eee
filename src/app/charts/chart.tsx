import { memo, startTransition, useEffect, useMemo, useRef, useState } from 'react';
import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { Axis, Row } from '../../runs/rows';
import { axisTicks, coveringTicks } from './axis';
import styles from './charts.module.css';
import type { Curve } from './curve';
import { isMeasured } from './marks';
import { Readout } from './readout';

interface ChartProps {
  title: string;
  /** Place in the row of redraws, from 0. */
  turn: number;
  unit?: string;
  rows: Row[];
  curves: Curve[];
  axis: Axis;
  format: (value: number | undefined) => string;
  /** For the ticks of the axis; as format if absent. */
  formatTick?: (value: number) => string;
  /** What an empty chart says. */
  waiting: string;
  /** Text alternative: where the curves stand. */
  summary: string;
  legend?: string[];
  log?: boolean;
  tall?: boolean;
  domain?: [number, number];
  /** Range of the empty chart; its values are not labelled if absent. */
  emptyDomain?: [number, number];
}

const widths = { raw: 1, thin: 1.25, line: 1.75, bold: 2, average: 2, hollow: 1.25, plan: 1.5 } as const;

function opacity({ weight, pale }: Curve): number {
  if (weight === 'raw') return pale ? 0.12 : 0.28;
  if (weight === 'plan') return 0.65;
  return pale ? 0.5 : 1;
}

/** Between the redraws of two charts: room for the page to answer a person. */
const TURN_MS = 20;

/** One chart. Takes what grows in its turn, so that no redraw holds the page for longer than one chart takes. */
export function Chart({ turn, rows, curves, axis, summary, ...rest }: ChartProps) {
  const grown = useMemo(() => ({ rows, curves, axis, summary }), [rows, curves, axis, summary]);
  const [drawn, setDrawn] = useState(grown);
  useEffect(() => {
    const timer = setTimeout(() => startTransition(() => setDrawn(grown)), turn * TURN_MS);
    return () => clearTimeout(timer);
  }, [grown, turn]);
  return <Figure {...rest} {...drawn} />;
}

/** Drawn only while it is on screen. */
const Figure = memo(function Figure(props: Omit<ChartProps, 'turn'>) {
  const { title, unit, rows, curves, axis, format, summary, legend, log = false, tall = false, emptyDomain } = props;
  const [figure, visible] = useOnScreen();
  const last = rows.at(-1)?.x ?? 0;
  const { ticks, label } = axisTicks(axis, last);
  const largest = largestOf(rows, curves);
  const empty = largest === undefined;
  const known = props.domain ?? (empty ? (emptyDomain ?? [0, 1]) : undefined);
  const heights = log && !empty ? undefined : coveringTicks(known?.[1] ?? largest ?? 1, 5);
  const domain = heights ? [0, heights.at(-1) ?? 1] : ['auto', 'auto'];
  const unlabelled = empty && !props.domain && !emptyDomain;
  return (
    <figure ref={figure} className={styles.chart} data-tall={tall} aria-label={`${title} chart`}>
      <figcaption className={styles.caption}>
        <h2 className={styles.title}>{title}</h2>
        {unit && <span className={styles.unit}>{unit}</span>}
        {legend && <Legend entries={legend} />}
      </figcaption>
      <div className={styles.plot} role="img" aria-label={`${title}. ${summary}`}>
        {visible && (
          <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 400, height: tall ? 240 : 150 }}>
            <LineChart
              data={rows}
              syncId="bench"
              syncMethod="index"
              margin={{ top: 6, right: 24, bottom: 0, left: 0 }}
              accessibilityLayer={false}
            >
              <CartesianGrid vertical={false} stroke="var(--grid)" />
              <XAxis
                dataKey="x"
                type="number"
                domain={[0, last || 1]}
                ticks={ticks}
                tickFormatter={label}
                tickLine={false}
                axisLine={{ stroke: 'var(--line-strong)' }}
                minTickGap={12}
                height={22}
              />
              <YAxis
                width={52}
                tickLine={false}
                axisLine={false}
                tickFormatter={unlabelled ? () => '' : (props.formatTick ?? format)}
                scale={log && !empty ? 'log' : 'auto'}
                domain={domain}
                allowDataOverflow={log || empty}
                {...(heights ? { ticks: heights } : { tickCount: 6 })}
              />
              <Tooltip
                isAnimationActive={false}
                cursor={{ stroke: 'var(--ink-soft)', strokeWidth: 1 }}
                content={({ active, label }) =>
                  active ? <Readout x={Number(label)} rows={rows} curves={curves} axis={axis} format={format} /> : null
                }
              />
              {curves.map((curve) => (
                <Line
                  key={curve.key}
                  dataKey={curve.key}
                  type="linear"
                  stroke={curve.color}
                  strokeDasharray={curve.weight === 'raw' ? '' : curve.dash}
                  strokeWidth={widths[curve.weight]}
                  strokeOpacity={opacity(curve)}
                  dot={dotOf(curve)}
                  activeDot={curve.label === undefined ? false : { r: 2.5, strokeWidth: 0, fill: curve.color }}
                  connectNulls
                  isAnimationActive={false}
                />
              ))}
            </LineChart>
          </ResponsiveContainer>
        )}
        {empty && (
          <p className={styles.empty}>
            <span>{props.waiting}</span>
          </p>
        )}
      </div>
    </figure>
  );
});

/** The largest value that is drawn; undefined if there is none. */
function largestOf(rows: readonly Row[], curves: readonly Curve[]): number | undefined {
  let largest: number | undefined;
  for (const row of rows)
    for (const { key } of curves) {
      const value = row[key];
      if (value !== undefined && (largest === undefined || value > largest)) largest = value;
    }
  return largest;
}

function dotOf(curve: Curve) {
  if (!isMeasured(curve)) return false;
  const fill = curve.weight === 'bold' ? curve.color : 'var(--surface)';
  return {
    r: curve.weight === 'average' ? 3.25 : 2.25,
    fill,
    stroke: curve.color,
    strokeWidth: 1.25,
    strokeDasharray: '',
    opacity: opacity(curve),
  };
}

function Legend({ entries }: { entries: string[] }) {
  const samples: Record<string, { width: number; opacity?: number; dot?: 'full' | 'hollow' }> = {
    train: { width: 1.25 },
    used: { width: 1.75 },
    planned: { width: 1.5, opacity: 0.5 },
    validation: { width: 2, dot: 'full' },
    EMA: { width: 2, dot: 'hollow' },
    'top-5': { width: 1.25, dot: 'hollow' },
  };
  return (
    <span className={styles.legend}>
      {entries.map((entry) => {
        const sample = samples[entry];
        return (
          <span key={entry}>
            <svg width="18" height="8" viewBox="0 0 18 8" aria-hidden="true">
              <path d="M0 4h18" stroke="currentColor" strokeWidth={sample?.width} opacity={sample?.opacity} />
              {sample?.dot && (
                <circle
                  cx="9"
                  cy="4"
                  r="2.500"
                  fill={sample.dot === 'full' ? 'currentColor' : 'var(--surface)'}
                  stroke="currentColor"
                />
              )}
            </svg>
            {entry}
          </span>
        );
      })}
    </span>
  );
}

function useOnScreen() {
  const ref = useRef<HTMLElement>(null);
  const [visible, setVisible] = useState(true);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new IntersectionObserver(([entry]) => setVisible(entry?.isIntersecting ?? true), {
      rootMargin: '80px',
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, visible] as const;
}
