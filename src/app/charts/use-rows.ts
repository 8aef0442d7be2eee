import { startTransition, useEffect, useMemo, useRef, useState } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { buildRows, type Row, type RowOptions } from '../../runs/rows';
import type { Run } from '../../runs/run';
import { useLab, useLabItself } from '../use-lab';

/** Least time between two redraws; a slow machine gets more, so that drawing never takes more than an eighth of it. */
const REDRAW_MS = 250;
const SHARE_OF_TIME = 8;
/** What is measured is the first; the others take their turns after it. */
const CHARTS = 4;

export type PlottedRun = Pick<Run, 'id' | 'name' | 'color'>;

/** Runs that are drawn, oldest first; changes only when the set, a name or a colour does, not with every step. */
export function usePlottedRuns(): PlottedRun[] {
  const described = useLab(
    useShallow(({ runs }) =>
      runs.filter(({ hidden }) => !hidden).map(({ id, name, color }) => `${id}\n${name}\n${color}`),
    ),
  );
  return useMemo(
    () =>
      described.map((line) => {
        const [id = '', name = '', color = '0'] = line.split('\n');
        return { id, name, color: Number(color) };
      }),
    [described],
  );
}

/** Rows for the charts, rebuilt when curves have grown, at most four times a second. */
export function useRows(runs: PlottedRun[], { axis, smoothing, limit, plan }: RowOptions): Row[] {
  const tick = useThrottledTick();
  const { curveOf } = useLabItself();
  return useMemo(() => {
    // Curves grow outside React: the tick is what says so.
    void tick;
    const plotted = runs.map(({ id }) => ({ id, series: curveOf(id) }));
    return buildRows(plotted, { axis, smoothing, limit, plan });
  }, [runs, tick, axis, smoothing, limit, plan, curveOf]);
}

function useThrottledTick(): number {
  const tick = useLab((state) => state.tick);
  const [shown, setShown] = useState(tick);
  const drawnAt = useRef(0);
  const cost = useRef(0);
  useEffect(() => {
    if (tick === shown) return;
    const pause = Math.max(REDRAW_MS, cost.current * SHARE_OF_TIME);
    const wait = Math.max(0, drawnAt.current + pause - performance.now());
    const timer = setTimeout(() => {
      const begin = performance.now();
      drawnAt.current = begin;
      startTransition(() => setShown(tick));
      // The next task runs after React has drawn the first chart: the difference is what that cost the main thread.
      setTimeout(() => {
        cost.current = (performance.now() - begin) * CHARTS;
      });
    }, wait);
    return () => clearTimeout(timer);
  }, [tick, shown]);
  return shown;
}
