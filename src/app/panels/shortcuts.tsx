import { shortcuts } from '../shortcuts';
import styles from './panels.module.css';

/** What `?` shows. */
export function Shortcuts() {
  return (
    <dl className={styles.keys}>
      {shortcuts.map(({ keys, what }) => (
        <div key={what}>
          <dt>
            {keys.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}
