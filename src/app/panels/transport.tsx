import { useDeferredValue, useMemo } from 'react';
import { diffLine } from '../diff-line';
import { formatBytes, formatCount, formatDuration } from '../format';
import { Icon } from '../icons';
import { costOf } from '../plan';
import { useExperiment, useRuns } from '../state';
import { pause, resume, stop, train } from '../training';
import styles from './panels.module.css';

/** What changed, what it will cost, and the button. */
export function Transport() {
  const run = useRuns(({ runs, active }) => runs.find(({ id }) => id === active));
  const paused = run?.state === 'paused';
  return (
    <section className={styles.transport} aria-label="Training">
      <Changes />
      <CostLine />
      <div className={styles.buttons}>
        <button type="button" className={styles.train} onClick={train} title="Ctrl+Enter, or the space bar">
          <Icon name="play" />
          {run ? 'Train next' : 'Train'}
        </button>
        {run && (
          <>
            <button
              type="button"
              className={styles.secondary}
              disabled={run.state === 'preparing'}
              onClick={paused ? resume : pause}
            >
              <Icon name={paused ? 'play' : 'pause'} /> {paused ? 'Resume' : 'Pause'}
            </button>
            <button type="button" className={styles.secondary} onClick={stop}>
              <Icon name="stop" /> Stop
            </button>
          </>
        )}
      </div>
    </section>
  );
}

/** One line: what is different from the newest run. */
function Changes() {
  const experiment = useExperiment((state) => state.experiment);
  const newest = useRuns(({ runs }) => runs.at(-1)?.experiment);
  const sized = useRuns((state) => state.sized);
  const name = useRuns(({ runs }) => runs.at(-1)?.name);
  if (!newest) {
    return (
      <p className={styles.changes}>
        {sized ? 'A small experiment, sized to this device, is ready.' : 'Ready.'} Press Train to see the first curves.
      </p>
    );
  }
  const difference = diffLine(newest, experiment);
  return (
    <p className={styles.changes} data-changed={difference !== ''}>
      {difference ? (
        <>
          <span>Changed since {name}</span> <b>{difference}</b>
        </>
      ) : (
        <span>Same as {name}. Toggle a trick to compare, or train again with another seed.</span>
      )}
    </p>
  );
}

function CostLine() {
  const experiment = useDeferredValue(useExperiment((state) => state.experiment));
  const flops = useRuns((state) => state.flops);
  const cost = useMemo(() => costOf(experiment, flops), [experiment, flops]);
  if ('problem' in cost) {
    return (
      <p className={styles.costProblem} role="alert">
        {cost.problem}
      </p>
    );
  }
  const items = [
    ['Parameters', formatCount(cost.params)],
    ['GMAC', cost.gmacs < 0.01 ? cost.gmacs.toFixed(4) : cost.gmacs.toFixed(3)],
    ['Memory', `≈ ${formatBytes(cost.estimatedBytes)}`],
    ['Time', cost.seconds === undefined ? 'measuring' : `≈ ${formatDuration(cost.seconds)}`],
  ] as const;
  return (
    <dl className={styles.cost}>
      {items.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
