import { useEffect, useMemo, useRef, useState } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { distinctions } from '../../experiment/differences';
import { stateWord } from '../../lab/lab';
import { pristine } from '../../lab/pristine';
import type { Run } from '../../runs/run';
import { Icon } from '../icons';
import { useActions, useLab } from '../use-lab';
import { byAge, columnsFor, nextOrder, type Order, type RunColumn, sortRuns } from './run-columns';
import { RunRow } from './run-row';
import styles from './runs-table.module.css';

/** Every run that this browser keeps. */
export function RunsTable() {
  const runs = useLab((state) => state.runs);
  const loaded = useLab((state) => state.loaded);
  const queue = useLab((state) => state.queue);
  const elsewhere = useLab((state) => state.elsewhere);
  const [order, setOrder] = useState<Order>(byAge);
  // The experiment of a run never changes, so this is worked out when a run comes or goes, not with every step.
  const experiments = useLab(useShallow((state) => state.runs.map(({ experiment }) => experiment)));
  const { common, own } = useMemo(() => {
    const readable = experiments.filter((experiment) => experiment !== undefined);
    const { common, own } = distinctions(readable, pristine);
    return { common, own: new Map(readable.map((experiment, i) => [experiment, own[i] ?? []])) };
  }, [experiments]);
  const differs = ({ experiment }: Run) =>
    experiment
      ? own.get(experiment)?.join(' · ') || (common.length ? 'nothing else' : 'the default')
      : 'settings of another version';
  const columns = columnsFor(runs);
  const best = Math.max(...runs.map(({ summary }) => summary.top1 ?? -1));
  return (
    <section aria-label="Runs">
      <Undo />
      {loaded && runs.length === 0 && <Empty />}
      {common.length > 0 && (
        <p className={styles.common}>
          All runs <b>{common.join(' · ')}</b>
        </p>
      )}
      {runs.length > 0 && (
        <div className={styles.frame}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Run</th>
                <th scope="col" title="Against the default experiment; what all runs share is above the table">
                  What differs
                </th>
                {columns.map((column) => (
                  <Heading
                    key={column.label}
                    column={column}
                    order={order}
                    onPress={() => setOrder(nextOrder(order, column))}
                  />
                ))}
                <th scope="col">State</th>
                <th scope="col">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {sortRuns(runs, order).map((run) => (
                <RunRow
                  key={run.id}
                  run={run}
                  columns={columns}
                  differs={differs(run)}
                  standing={stateWord(run, { queue, elsewhere })}
                  best={runs.length > 1 && run.summary.top1 === best}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Heading({ column, order, onPress }: { column: RunColumn; order: Order; onPress: () => void }) {
  const sorted = order.column === column.label;
  const direction = order.largestFirst ? 'descending' : 'ascending';
  return (
    <th scope="col" data-number aria-sort={sorted ? direction : undefined} title={column.title}>
      <button type="button" className={styles.heading} onClick={onPress}>
        {column.label}
        <span className={styles.arrow} aria-hidden="true">
          {sorted ? (order.largestFirst ? '↓' : '↑') : ''}
        </span>
      </button>
    </th>
  );
}

/** Offers the run that was deleted last back. */
function Undo() {
  const name = useLab((state) => state.deleted?.name);
  const button = useRef<HTMLButtonElement>(null);
  const { undo } = useActions();
  useEffect(() => {
    // The row that had the focus is gone: a keyboard goes on from here.
    if (name !== undefined && document.activeElement === document.body) button.current?.focus();
  }, [name]);
  if (name === undefined) return null;
  return (
    <p className={styles.undo} role="status">
      Deleted {name}.
      <button type="button" ref={button} onClick={undo}>
        <Icon name="reset" /> Undo
      </button>
    </p>
  );
}

function Empty() {
  return (
    <div className={styles.empty}>
      <h3>No runs yet</h3>
      <ol>
        <li>
          <b>Train</b> the experiment as it is: the button, or the space bar. Shaders compile, then the curves begin to
          move.
        </li>
        <li>
          <b>Toggle one trick</b> on the left, label smoothing for example. The line above the button says what changed.
        </li>
        <li>
          <b>Train again.</b> The second run is drawn over the first, and this table says what the trick was worth.
        </li>
      </ol>
      <p>Runs stay in this browser until you delete them. The link holds the settings.</p>
    </div>
  );
}
