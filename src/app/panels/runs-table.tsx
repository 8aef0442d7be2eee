import { memo, useState } from 'react';
import type { Run } from '../../runs/store';
import { Swatch } from '../charts/marks';
import { diffLine } from '../diff-line';
import { formatCount, formatLoss, formatShare } from '../format';
import { Icon } from '../icons';
import { pristine, useExperiment, useRuns } from '../state';
import { removeRun, updateRun } from '../training';
import { downloadCurve } from './export-csv';
import styles from './runs-table.module.css';

const columns = [
  { label: 'Run' },
  { label: 'Against the default' },
  { label: 'Updates', number: true },
  { label: 'Train loss', number: true },
  { label: 'Val. loss', number: true },
  { label: 'Top-1', number: true },
  { label: 'Top-5', number: true },
  { label: 'Images/s', number: true },
  { label: 'State' },
];

/** Every run that this browser keeps, newest first. */
export function RunsTable() {
  const runs = useRuns((state) => state.runs);
  const loaded = useRuns((state) => state.loaded);
  if (loaded && runs.length === 0) return <Empty />;
  const best = Math.max(...runs.map(({ summary }) => summary.top1 ?? -1));
  return (
    // Scrolls sideways on narrow screens: reachable by keyboard.
    <section className={styles.frame} aria-label="Runs" tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map(({ label, number }) => (
              <th key={label} scope="col" data-number={number}>
                {label}
              </th>
            ))}
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.toReversed().map((run) => (
            <Row
              key={run.id}
              run={run}
              best={run.summary.top1 !== undefined && run.summary.top1 === best && runs.length > 1}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Memoised: of many runs only the one in progress changes. */
const Row = memo(function Row({ run, best }: { run: Run; best: boolean }) {
  const { summary } = run;
  const change = useExperiment((state) => state.change);
  const differences = diffLine(pristine, run.experiment);
  const visibility = run.hidden ? 'Show' : 'Hide';
  return (
    <tr data-hidden={run.hidden}>
      <th scope="row">
        <span className={styles.name}>
          <Swatch color={run.color} />
          <Name run={run} />
        </span>
      </th>
      <td className={styles.diff} title={differences}>
        {differences || 'the default'}
      </td>
      <td data-number>
        {formatCount(summary.step)}
        {run.totalSteps && run.totalSteps !== summary.step ? <i> / {formatCount(run.totalSteps)}</i> : ''}
      </td>
      <td data-number>{formatLoss(summary.trainLoss)}</td>
      <td data-number>{formatLoss(summary.validationLoss)}</td>
      <td data-number data-best={best}>
        {formatShare(summary.top1)}
      </td>
      <td data-number>{formatShare(summary.top5)}</td>
      <td data-number>{formatCount(summary.imagesPerSecond)}</td>
      <td>
        <span className={styles.state} data-state={run.state} title={run.message}>
          {run.state}
        </span>
        {run.adapter?.software && <span className={styles.mark}>software</span>}
        {run.adapter && run.adapter.backend !== 'webgpu' && <span className={styles.mark}>{run.adapter.backend}</span>}
      </td>
      <td className={styles.actions}>
        <Action
          icon={run.hidden ? 'eyeOff' : 'eye'}
          label={`${visibility} ${run.name}`}
          onClick={() => updateRun(run.id, { hidden: !run.hidden })}
        />
        <Action
          icon="load"
          label={`Load the settings of ${run.name}`}
          onClick={() => change(run.experiment, `load ${run.id}`)}
        />
        <Action
          icon="download"
          label={`Download the curves of ${run.name} as CSV`}
          onClick={() => downloadCurve(run)}
        />
        <Action icon="bin" label={`Delete ${run.name}`} onClick={() => removeRun(run.id)} />
      </td>
    </tr>
  );
});

function Action({
  icon,
  label,
  onClick,
}: {
  icon: Parameters<typeof Icon>[0]['name'];
  label: string;
  onClick: () => void;
}) {
  return (
    <button type="button" className={styles.action} aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

/** The name; a click makes it a text box. */
function Name({ run }: { run: Run }) {
  const [draft, setDraft] = useState<string>();
  if (draft === undefined) {
    return (
      <button type="button" className={styles.rename} title="Rename" onClick={() => setDraft(run.name)}>
        {run.name}
      </button>
    );
  }
  const keep = () => {
    const name = draft.trim().slice(0, 40);
    if (name) updateRun(run.id, { name });
    setDraft(undefined);
  };
  return (
    <input
      className={styles.renaming}
      aria-label={`New name of ${run.name}`}
      autoFocus
      value={draft}
      onFocus={(event) => event.currentTarget.select()}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={keep}
      onKeyDown={(event) => {
        if (event.key === 'Enter') keep();
        if (event.key === 'Escape') setDraft(undefined);
      }}
    />
  );
}

function Empty() {
  return (
    <div className={styles.empty}>
      <h3>No runs yet</h3>
      <ol>
        <li>Press Train (or the space bar). The network compiles, then the curves begin to move.</li>
        <li>Toggle one trick on the left, for example label smoothing.</li>
        <li>Train again: the second run is drawn over the first, and this table says what each was worth.</li>
      </ol>
      <p>Runs stay in this browser until you delete them. The link holds the settings.</p>
    </div>
  );
}
