import { datasetOf } from '../../catalog/parts';
import { formatDuration } from '../../core/format';
import type { Run } from '../../runs/run';
import { useLab } from '../use-lab';
import styles from './panels.module.css';

interface StatusBarProps {
  onDevice: () => void;
  onCredits: () => void;
}

/** The line at the bottom: what runs, on what, on whose data. */
export function StatusBar({ onDevice, onCredits }: StatusBarProps) {
  const dataset = useLab(({ experiment }) => datasetOf(experiment.dataset));
  const adapter = useLab((state) => state.adapter);
  const gone = useLab(({ trainer }) => trainer === 'gone');
  return (
    <footer className={styles.status}>
      <RunStatus />
      <button type="button" className={styles.statusItem} title="About this device" onClick={onDevice}>
        {adapter ? (
          <>
            <b data-mark={adapter.backend !== 'webgpu'}>
              {adapter.backend === 'webgpu' ? 'WebGPU' : `${adapter.backend} (fallback)`}
            </b>{' '}
            <span className={styles.adapterName}>
              {[adapter.vendor, adapter.architecture].filter(Boolean).join(' ') || adapter.description}{' '}
            </span>
            {adapter.software && <b data-mark="true">software adapter, expect it slow</b>}
          </>
        ) : (
          deviceWords(gone)
        )}
      </button>
      <button type="button" className={styles.statusItem} title="Data and licences" onClick={onCredits}>
        {dataset.label}: {dataset.credit}, {dataset.license}
      </button>
    </footer>
  );
}

const deviceWords = (gone: boolean) => (gone ? 'No training worker: Train starts one' : 'Looking for a GPU');

/** Where a run stands. It validates after the last update of every epoch, and after its last one. */
function stageWords({ state, summary: { step }, totalSteps, stepsPerEpoch }: Run): string {
  const place = totalSteps
    ? `${step.toLocaleString('en')} of ${totalSteps.toLocaleString('en')}`
    : step.toLocaleString('en');
  if (state === 'paused') return `paused at ${place}`;
  const whole = step === totalSteps || (stepsPerEpoch !== undefined && step % stepsPerEpoch === 0);
  return whole ? `validating after update ${place}` : `update ${place}`;
}

function RunStatus() {
  const run = useLab(({ runs, active }) => runs.find(({ id }) => id === active));
  const progress = useLab((state) => (run ? state.progress[run.id] : undefined));
  const waiting = useLab((state) => state.queue.length);
  const waitingFor = useLab((state) => state.waitingFor);
  const silence = useLab((state) => state.silence);
  if (!run) {
    return (
      <span className={styles.statusRun}>
        {waiting > 0 ? `Idle, ${waiting} waiting: Train goes on with them` : 'Idle'}
      </span>
    );
  }
  const { summary, totalSteps } = run;
  const preparing = summary.step === 0;
  const share = preparing ? progress?.fraction : totalSteps ? summary.step / totalSteps : undefined;
  const left =
    totalSteps && summary.step > 0 ? (summary.timeMs / 1000 / summary.step) * (totalSteps - summary.step) : undefined;
  return (
    <span className={styles.statusRun}>
      <progress value={share ?? undefined} max={1} aria-label={`Progress of ${run.name}`} />
      <span>
        <b>{run.name}</b> {waitingFor ?? (preparing ? (progress?.message ?? 'Starting') : stageWords(run))}
        {silence !== undefined && `: no sign of life for ${formatDuration(silence)}, it may be compiling; Stop ends it`}
        {!preparing && left !== undefined && left > 0 && run.state === 'running'
          ? `, ${formatDuration(left)} left`
          : ''}
        {waiting > 0 ? `, ${waiting} waiting` : ''}
      </span>
    </span>
  );
}
