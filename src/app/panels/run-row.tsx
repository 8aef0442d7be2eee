import { memo, useEffect, useRef, useState } from 'react';
import type { Run } from '../../runs/run';
import { Swatch } from '../charts/marks';
import { Icon, type IconName } from '../icons';
import { useActions } from '../use-lab';
import type { RunColumn } from './run-columns';
import { RunMenu } from './run-menu';
import styles from './runs-table.module.css';

interface RunRowProps {
  run: Run;
  columns: readonly RunColumn[];
  /** What sets it apart, for a person. */
  differs: string;
  /** Where it stands, in words. */
  standing: string;
  /** Its top-1 is the highest of several runs. */
  best: boolean;
}

/** One run; why it failed stands in a row below. Memoised: of many runs only the one in progress changes. */
export const RunRow = memo(function RunRow({ run, columns, differs, standing, best }: RunRowProps) {
  const { lookAt: look, setVisible, loadSettings, remove } = useActions();
  const visibility = run.hidden ? 'Show' : 'Hide';
  return (
    <>
      <tr
        data-hidden={run.hidden}
        data-failed={run.message !== undefined}
        onPointerEnter={() => look(run.id)}
        onPointerLeave={() => look(undefined)}
      >
        <th scope="row">
          <span className={styles.name}>
            <Swatch color={run.color} />
            <Name run={run} />
          </span>
        </th>
        <td className={styles.diff} title={differs}>
          {differs}
        </td>
        {columns.map(({ label, text }) => (
          <td key={label} data-number data-best={best && label === 'Top-1'}>
            {text(run)}
          </td>
        ))}
        <td>
          <span className={styles.state} data-state={standing === 'waiting' ? 'waiting' : run.state}>
            {standing}
          </span>
          <DeviceMark run={run} />
        </td>
        <td className={styles.actions}>
          <Action
            icon={run.hidden ? 'eyeOff' : 'eye'}
            label={`${visibility} ${run.name}`}
            onClick={() => setVisible(run.id, run.hidden)}
          />
          <Action icon="load" label={`Load the settings of ${run.name}`} onClick={() => loadSettings(run)} />
          <RunMenu run={run} />
          <Action icon="bin" label={`Delete ${run.name}`} onClick={() => remove(run.id)} />
        </td>
      </tr>
      {run.message && (
        <tr className={styles.reason}>
          <td colSpan={columns.length + 4}>{run.message}</td>
        </tr>
      )}
    </>
  );
});

/** Where the run was trained, if that was no GPU through WebGPU: its images per second are no measure for others. */
function DeviceMark({ run: { adapter } }: { run: Run }) {
  if (!adapter) return null;
  const fallback = adapter.backend !== 'webgpu';
  if (!fallback && !adapter.software) return null;
  return (
    <span className={styles.mark} data-fallback={fallback} title={adapter.description}>
      {fallback ? adapter.backend : 'software'}
    </span>
  );
}

function Action({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <button type="button" className={styles.action} aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

/** The name; a click makes it a text box. */
function Name({ run }: { run: Run }) {
  const [renaming, setRenaming] = useState(false);
  if (renaming) return <NameInput run={run} onDone={() => setRenaming(false)} />;
  return (
    <button type="button" className={styles.rename} title="Rename" onClick={() => setRenaming(true)}>
      {run.name}
    </button>
  );
}

function NameInput({ run, onDone }: { run: Run; onDone: () => void }) {
  const [draft, setDraft] = useState(run.name);
  const input = useRef<HTMLInputElement>(null);
  const { rename } = useActions();
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  const keep = () => {
    rename(run.id, draft);
    onDone();
  };
  return (
    <input
      ref={input}
      className={styles.renaming}
      aria-label={`New name of ${run.name}`}
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={keep}
      onKeyDown={(event) => {
        if (event.key === 'Enter') keep();
        if (event.key === 'Escape') onDone();
      }}
    />
  );
}
