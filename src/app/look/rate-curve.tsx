import { useDeferredValue, useMemo, useState } from 'react';
import { formatRate } from '../../core/format';
import { coveringTicks, roundTicks } from '../charts/axis';
import { planOf } from '../plan';
import { useLab } from '../use-lab';
import styles from './look.module.css';
import { Plot, pathOf } from './plot';

/** As many points as a wide screen has pixels. */
const POINTS = 1200;

/** The learning rate of every update, before there is one: the plan that the trainer will follow. */
export function RateCurve() {
  const experiment = useDeferredValue(useLab((state) => state.experiment));
  const plan = useMemo(() => planOf(experiment), [experiment]);
  const curve = useMemo(() => {
    if (!plan) return undefined;
    const { lr, totalUpdates } = plan;
    const last = Math.max(1, totalUpdates - 1);
    const count = Math.min(POINTS, totalUpdates);
    const updates = Array.from({ length: count }, (_, i) => Math.round((i * last) / Math.max(1, count - 1)));
    const rates = updates.map((update) => lr(Math.min(update, totalUpdates - 1)));
    const heights = coveringTicks(Math.max(...rates, 0) || 1, 4);
    const top = heights.at(-1) as number;
    const highest = updates[rates.indexOf(Math.max(...rates))] as number;
    return {
      path: pathOf(updates.map((update, i) => [update / last, (rates[i] as number) / top])),
      y: heights.map((rate) => ({ at: rate / top, text: formatRate(rate) })),
      x: roundTicks(totalUpdates, 6)
        .filter((update) => update > 0)
        .map((update) => ({ at: (update - 1) / last, text: update.toLocaleString('en') })),
      highest,
    };
  }, [plan]);
  const [chosen, setChosen] = useState<number>();
  if (!plan || !curve) return <p className={styles.note}>This experiment has no plan yet; the form says why.</p>;
  const { lr, totalUpdates, updatesPerEpoch } = plan;
  // From 1, as updates are counted; until one is chosen, where the rate is highest.
  const step = Math.min(totalUpdates, chosen ?? curve.highest + 1);
  const place = `update ${step.toLocaleString('en')}, epoch ${(step / updatesPerEpoch).toFixed(2)}`;
  const rate = formatRate(lr(step - 1));
  return (
    <>
      <p className={styles.reading}>
        <b data-number>{rate}</b> at {place}
        <span>
          starts at {formatRate(lr(0))}, highest {formatRate(lr(curve.highest))}, ends at{' '}
          {formatRate(lr(totalUpdates - 1))}
        </span>
      </p>
      <Plot
        label={`Learning rate over ${totalUpdates.toLocaleString('en')} updates: starts at ${formatRate(lr(0))}, highest ${formatRate(lr(curve.highest))}, ends at ${formatRate(lr(totalUpdates - 1))}`}
        x={curve.x}
        y={curve.y}
        xTitle="update"
        height={140}
        cursor={{
          label: 'Update to read the learning rate at',
          min: 1,
          max: totalUpdates,
          step: 1,
          value: step,
          text: `${rate} at ${place}`,
          onChange: setChosen,
        }}
      >
        <path d={curve.path} stroke="var(--ink)" strokeWidth="1.750" />
      </Plot>
    </>
  );
}
