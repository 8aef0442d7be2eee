/** The four instruments of the bench: loss, accuracy, learning rate, throughput, on one axis with one crosshair. */
import { useDeferredValue, useMemo } from 'react';
import { formatCount, formatLoss, formatPercent, formatRate, formatShare } from '../../core/format';
import { PLAN_KEY, rowKey } from '../../runs/rows';
import type { Series } from '../../runs/series';
import { planOf } from '../plan';
import { useLab, useLabItself } from '../use-lab';
import { Chart } from './chart';
import styles from './charts.module.css';
import type { Curve } from './curve';
import { runColor, runDash } from './marks';
import { RunLegend } from './run-legend';
import { Toolbar } from './toolbar';
import { usePlottedRuns, useRows } from './use-rows';

// Constants, so that a chart whose curves stay the same is not drawn again.
const lossLegend = ['train', 'validation'];
const accuracyLegend = ['train', 'validation', 'top-5'];
const averagedLossLegend = ['train', 'validation', 'EMA'];
const averagedAccuracyLegend = ['train', 'validation', 'EMA', 'top-5'];
const rateLegend = ['planned', 'used'];
const shares: [number, number] = [0, 1];
/** A network that guesses among ten classes starts at ln 10 = 2.3. */
const emptyLoss: [number, number] = [0, 2.5];

export function Charts() {
  // The form answers first, the curve of the plan follows.
  const experiment = useDeferredValue(useLab((state) => state.experiment));
  const plan = useMemo(() => planOf(experiment), [experiment]);
  const { axis, smoothing, logLoss } = useLab(({ preferences }) => preferences);
  const { curveOf } = useLabItself();
  const runs = usePlottedRuns();
  const wanted = useDeferredValue(useLab((state) => state.lookedAt ?? state.pinned));
  const rows = useRows(runs, { axis, smoothing, limit: 300, plan });
  const averaged = useMemo(() => {
    // Evaluations grow outside React, as rows do.
    void rows;
    return runs.some(({ id }) => curveOf(id).lastEvaluation(true));
  }, [runs, rows, curveOf]);
  const curves = useMemo(() => {
    const foremost = runs.some(({ id }) => id === wanted) ? wanted : runs.at(-1)?.id;
    const base = runs.map((run) => ({
      run: run.id,
      name: run.name,
      color: runColor(run.color),
      dash: runDash(run.color),
      pale: run.id !== foremost,
    }));
    const each = (make: (run: (typeof base)[number]) => Curve[]) => base.flatMap(make);
    return {
      loss: each((run) => [
        ...(smoothing > 0 ? [{ ...run, key: rowKey(run.run, 'raw'), weight: 'raw' } as const] : []),
        { ...run, key: rowKey(run.run, 'loss'), weight: 'thin', label: 'train' },
        { ...run, key: rowKey(run.run, 'validationLoss'), weight: 'bold', label: 'validation' },
        ...(averaged
          ? [{ ...run, key: rowKey(run.run, 'averagedLoss'), weight: 'average', label: 'EMA' } as const]
          : []),
      ]),
      accuracy: each((run) => [
        { ...run, key: rowKey(run.run, 'top1'), weight: 'thin', label: 'train' },
        { ...run, key: rowKey(run.run, 'validationTop1'), weight: 'bold', label: 'validation' },
        ...(averaged
          ? [{ ...run, key: rowKey(run.run, 'averagedTop1'), weight: 'average', label: 'EMA' } as const]
          : []),
        { ...run, key: rowKey(run.run, 'validationTop5'), weight: 'hollow', label: 'top-5' },
      ]),
      rate: [
        ...(plan && axis !== 'time'
          ? [
              {
                run: PLAN_KEY,
                name: 'planned',
                key: PLAN_KEY,
                color: 'var(--ink-soft)',
                dash: '',
                pale: true,
                weight: 'plan',
                label: 'rate',
              } as const,
            ]
          : []),
        ...each((run) => [{ ...run, key: rowKey(run.run, 'lr'), weight: 'line', label: 'rate' }]),
      ],
      speed: each((run) => [{ ...run, key: rowKey(run.run, 'imagesPerSecond'), weight: 'line', label: 'images/s' }]),
    };
  }, [runs, wanted, smoothing, axis, plan, averaged]);
  const newest = runs.at(-1);
  const summary = newest
    ? `${newest.name}: ${describe(curveOf(newest.id))}. ${runs.length} ${runs.length === 1 ? 'run' : 'runs'} drawn.`
    : 'No runs yet.';
  const waiting = useLab(({ active, progress }) => (active ? progress[active]?.message : undefined));
  const shared = {
    rows,
    axis,
    summary,
  };
  return (
    <section className={styles.bench} aria-label="Charts">
      <Toolbar />
      <RunLegend runs={runs} />
      <div className={styles.grid}>
        <Chart
          {...shared}
          title="Loss"
          turn={0}
          waiting={waiting ? `${waiting}…` : 'Press Train: the curves appear here.'}
          emptyDomain={emptyLoss}
          curves={curves.loss}
          format={formatLoss}
          formatTick={formatRate}
          log={logLoss}
          tall
          legend={averaged ? averagedLossLegend : lossLegend}
        />
        <Chart
          {...shared}
          title="Accuracy"
          turn={1}
          waiting="Validated after every epoch."
          curves={curves.accuracy}
          format={formatShare}
          formatTick={formatPercent}
          tall
          domain={shares}
          legend={averaged ? averagedAccuracyLegend : accuracyLegend}
        />
        <Chart
          {...shared}
          title="Learning rate"
          turn={2}
          waiting="The plan has no place in time before the first run."
          curves={curves.rate}
          format={formatRate}
          legend={rateLegend}
        />
        <Chart
          {...shared}
          title="Throughput"
          turn={3}
          unit="images/s"
          waiting="Images per second, while training."
          curves={curves.speed}
          format={formatCount}
        />
      </div>
    </section>
  );
}

/** The text alternative of the charts: where the newest run stands. */
function describe(series: Series): string {
  const evaluation = series.lastEvaluation();
  const averaged = series.lastEvaluation(true);
  const parts = [
    `update ${series.last('step') ?? 0}`,
    `training loss ${formatLoss(series.last('loss'))}`,
    evaluation
      ? `validation loss ${formatLoss(evaluation.loss)}, top-1 ${formatShare(evaluation.top1)}`
      : 'not validated yet',
    ...(averaged ? [`averaged weights: top-1 ${formatShare(averaged.top1)}`] : []),
    `learning rate ${formatRate(series.last('lr'))}`,
    `${formatCount(series.last('imagesPerSecond'))} images per second`,
  ];
  return parts.join(', ');
}
