import { datasetOf } from '../../catalog/parts';
import type { Run } from '../../runs/store';
import { formatDuration } from '../format';
import { useExperiment, useRuns } from '../state';
import styles from './panels.module.css';

interface StatusBarProps {
  onDevice: () => void;
  onCredits: () => void;
}

/** The line at the bottom: what runs, on what, on whose data. */
export function StatusBar({ onDevice, onCredits }: StatusBarProps) {
  const dataset = useExperiment(({ experiment }) => datasetOf(experiment.dataset));
  const adapter = useRuns((state) => state.adapter);
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
          'Looking for a GPU'
        )}
      </button>
      <button type="button" className={styles.statusItem} title="Data and licences" onClick={onCredits}>
        {dataset.label}: {dataset.credit}, {dataset.license}
      </button>
    </footer>
  );
}

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
  const run = useRuns(({ runs, active }) => runs.find(({ id }) => id === active));
  const progress = useRuns((state) => (run ? state.progress[run.id] : undefined));
  const waiting = useRuns((state) => state.queue.length);
  if (!run) return <span className={styles.statusRun}>Idle</span>;
  const { summary, totalSteps } = run;
  const preparing = summary.step === 0;
  const share = preparing ? progress?.fraction : totalSteps ? summary.step / totalSteps : undefined;
  const left =
    totalSteps && summary.step > 0 ? (summary.timeMs / 1000 / summary.step) * (totalSteps - summary.step) : undefined;
  return (
    <span className={styles.statusRun}>
      <progress value={share ?? undefined} max={1} aria-label={`Progress of ${run.name}`} />
      <span>
        <b>{run.name}</b> {preparing ? (progress?.message ?? 'Starting') : stageWords(run)}
        {!preparing && left !== undefined && left > 0 && run.state === 'running'
          ? `, ${formatDuration(left)} left`
          : ''}
        {waiting > 0 ? `, ${waiting} waiting` : ''}
      </span>
    </span>
  );
}
