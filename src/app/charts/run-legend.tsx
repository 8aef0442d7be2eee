import { useActions, useLab } from '../use-lab';
import styles from './charts.module.css';
import { Swatch } from './marks';
import type { PlottedRun } from './use-rows';

/** Which line is which. Pointing at a run draws it in front, a press keeps it there. */
export function RunLegend({ runs }: { runs: readonly PlottedRun[] }) {
  const pinned = useLab((state) => state.pinned);
  const { lookAt: look, pin } = useActions();
  if (runs.length === 0) return null;
  return (
    <ul className={styles.runs} aria-label="Runs that are drawn">
      {runs.map(({ id, name, color }) => (
        <li key={id}>
          <button
            type="button"
            className={styles.run}
            aria-pressed={pinned === id}
            title={pinned === id ? 'Let the newest run be in front again' : 'Keep in front'}
            onClick={() => pin(pinned === id ? undefined : id)}
            onPointerEnter={() => look(id)}
            onPointerLeave={() => look(undefined)}
            onFocus={() => look(id)}
            onBlur={() => look(undefined)}
          >
            <Swatch color={color} />
            {name}
          </button>
        </li>
      ))}
    </ul>
  );
}
