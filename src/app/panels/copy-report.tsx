import { useState } from 'react';
import { useLabItself } from '../use-lab';
import styles from './panels.module.css';

/** What a developer needs to know of an error, as text. */
function reportOf(error: unknown, device: string): string {
  const what = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
  return [
    `Tricklab, ${new Date().toISOString()}`,
    `Address: ${location.href}`,
    `Browser: ${navigator.userAgent}`,
    `Device: ${device}`,
    what,
  ].join('\n');
}

/** Copies a report; where the browser lets nobody copy, shows it. */
export function CopyReport({ error }: { error: unknown }) {
  const { store } = useLabItself();
  const [answer, setAnswer] = useState('');
  const [shown, setShown] = useState('');
  const copy = async () => {
    const { adapter } = store.getState();
    const report = reportOf(error, adapter ? `${adapter.backend}, ${adapter.description}` : 'none yet');
    try {
      await navigator.clipboard.writeText(report);
      setAnswer('Copied');
    } catch {
      setShown(report);
    }
  };
  return (
    <>
      <button type="button" className={styles.tool} onClick={() => void copy()}>
        {answer || 'Copy report'}
      </button>
      {shown && <textarea className={styles.report} aria-label="Report to copy" readOnly rows={6} value={shown} />}
    </>
  );
}
