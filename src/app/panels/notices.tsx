import { Icon } from '../icons';
import { useKeptWeights } from '../kept-weights';
import { useExperiment, useRuns } from '../state';
import styles from './panels.module.css';

/** What a person must know now: a bad link, something that broke, a fallback. Nothing while all is well. */
export function Notices() {
  const problems = useExperiment((state) => state.problems);
  const dismiss = useExperiment((state) => state.dismissProblems);
  const adapter = useRuns((state) => state.adapter);
  const trouble = useRuns((state) => state.trouble);
  const storageProblem = useRuns((state) => state.storageProblem);
  const failure = useRuns((state) => state.failure);
  const ofWeights = useKeptWeights((state) => state.notice);
  return (
    <>
      {problems.length > 0 && (
        <Notice
          kind="bad"
          title="This link can't be read; the default experiment was opened instead."
          onClose={dismiss}
        >
          <ul>
            {problems.map(({ key, message }) => (
              <li key={`${key}${message}`}>
                <Message about={key}>{message}</Message>
              </li>
            ))}
          </ul>
        </Notice>
      )}
      {trouble && (
        <Notice kind="bad" title="The GPU or its worker stopped." onClose={() => useRuns.setState({ trouble: '' })}>
          <p>
            {trouble} Curves that were drawn are kept. Press Train to start again; if it happens at once, reload the
            page.
          </p>
        </Notice>
      )}
      {failure && !trouble && (
        <Notice kind="bad" title={`${failure.run} failed.`} onClose={() => useRuns.setState({ failure: undefined })}>
          <p>{failure.message}</p>
        </Notice>
      )}
      {ofWeights && (
        <Notice kind="warn" title={ofWeights.title} onClose={() => useKeptWeights.setState({ notice: undefined })}>
          <p>{ofWeights.message}</p>
        </Notice>
      )}
      {adapter && adapter.backend !== 'webgpu' && (
        <Notice kind="warn" title={`No WebGPU here: training runs on ${adapter.backend}, many times slower.`}>
          <p>
            {adapter.fallbackReason} To enable it: use a recent Chrome or Edge, Firefox 141 or Safari 26; open the page
            over https or from localhost; and turn on “Use graphics acceleration when available” in the browser's
            settings.
          </p>
        </Notice>
      )}
      {storageProblem && (
        <Notice kind="warn" title="Runs are not kept." onClose={() => useRuns.setState({ storageProblem: '' })}>
          <p>{storageProblem}</p>
        </Notice>
      )}
    </>
  );
}

/** A message in which the key that it is about is set as code. */
function Message({ about, children }: { about: string; children: string }) {
  const at = about ? children.indexOf(about) : -1;
  if (at < 0) return children;
  return (
    <>
      {children.slice(0, at)}
      <code>{about}</code>
      {children.slice(at + about.length)}
    </>
  );
}

interface NoticeProps {
  kind: 'bad' | 'warn';
  title: string;
  onClose?: () => void;
  children: React.ReactNode;
}

function Notice({ kind, title, onClose, children }: NoticeProps) {
  return (
    <div className={styles.notice} data-kind={kind} role="alert">
      <Icon name="warn" />
      <div>
        <p className={styles.noticeTitle}>{title}</p>
        {children}
      </div>
      {onClose && (
        <button type="button" className={styles.iconButton} aria-label="Dismiss" onClick={onClose}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
