import { sentence } from '../../core/message';
import type { Notice as LabNotice } from '../../lab/state';
import { Icon } from '../icons';
import { useActions, useLab } from '../use-lab';
import { CopyReport } from './copy-report';
import styles from './panels.module.css';

/** What a person must know now: a bad link, something that broke, a fallback. Nothing while all is well. */
export function Notices() {
  const notices = useLab((state) => state.notices);
  const adapter = useLab((state) => state.adapter);
  const { dismiss } = useActions();
  return (
    <>
      {notices.map((notice) => (
        <Notice key={notice.kind} {...notice} onClose={() => dismiss(notice.kind)} />
      ))}
      {adapter && adapter.backend !== 'webgpu' && (
        <Notice
          grave={false}
          title={`No WebGPU here: training runs on ${adapter.backend}, many times slower.`}
          message={`${sentence(adapter.fallbackReason)} To enable it: use a recent Chrome or Edge, Firefox 141 or Safari 26; open the page over https or from localhost; and turn on “Use graphics acceleration when available” in the browser's settings.`}
        />
      )}
    </>
  );
}

/** A link may name thousands of settings that do not exist. */
const MOST_PROBLEMS = 12;

interface NoticeProps extends Omit<LabNotice, 'kind'> {
  onClose?: () => void;
}

function Notice({ grave, title, message, problems = [], remedy, error, onClose }: NoticeProps) {
  const { trainAnyway, readDataFrom } = useActions();
  return (
    <div className={styles.notice} data-kind={grave ? 'bad' : 'warn'} role="alert">
      <Icon name="warn" />
      <div>
        <p className={styles.noticeTitle}>{title}</p>
        {message && <p>{message}</p>}
        {problems.length > 0 && (
          <ul>
            {problems.slice(0, MOST_PROBLEMS).map(({ key, message: words }) => (
              <li key={`${key}${words}`}>
                <Message about={key}>{words}</Message>
              </li>
            ))}
            {problems.length > MOST_PROBLEMS && <li>And {problems.length - MOST_PROBLEMS} more.</li>}
          </ul>
        )}
        {remedy === 'train-anyway' && (
          <button type="button" className={styles.tool} onClick={trainAnyway}>
            Train on what there is
          </button>
        )}
        {typeof remedy === 'object' && (
          <button type="button" className={styles.tool} onClick={() => readDataFrom(remedy.readDataFrom.address)}>
            Read data from {remedy.readDataFrom.host}
          </button>
        )}
        {remedy === 'copy-report' && <CopyReport error={error} />}
      </div>
      {onClose && (
        <button type="button" className={styles.iconButton} aria-label="Dismiss" onClick={onClose}>
          <Icon name="close" />
        </button>
      )}
    </div>
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
