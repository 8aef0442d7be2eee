import type { ReactNode } from 'react';
import { ErrorBoundary, type FallbackProps } from 'react-error-boundary';
import { messageOf, sentence } from '../../core/message';
import { CopyReport } from './copy-report';
import styles from './panels.module.css';

/** What broke, in its place; the rest of the page goes on. */
function Broken({ name, error, resetErrorBoundary }: FallbackProps & { name: string }) {
  return (
    <div className={styles.broken} role="alert">
      <p className={styles.noticeTitle}>{name} can't be shown.</p>
      <p>
        {sentence(messageOf(error))} The rest of the page goes on, and so does a run in progress; your runs and settings
        are kept.
      </p>
      <p className={styles.remedies}>
        <button type="button" className={styles.tool} onClick={resetErrorBoundary}>
          Try again
        </button>
        <CopyReport error={error} />
      </p>
    </div>
  );
}

/** Keeps what breaks in a panel inside it. name: as a person knows the panel. */
export function PanelBoundary({ name, children }: { name: string; children: ReactNode }) {
  return <ErrorBoundary fallbackRender={(props) => <Broken {...props} name={name} />}>{children}</ErrorBoundary>;
}
