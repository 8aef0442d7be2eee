import { formatBytes, formatCount, formatMilliseconds, formatShare } from '../../core/format';
import type { PerformanceReport } from '../../core/results';
import type { Run } from '../../runs/run';
import { BenchmarkPanel } from '../benchmark/benchmark';
import { useActions, useLab } from '../use-lab';
import { KernelVariants } from './kernel-variants';
import styles from './performance.module.css';

/** What one update costs the device, where its time goes, and how that compares. */
export function Performance() {
  const run = useLab(({ runs, performance }) => runs.findLast(({ id }) => performance[id]));
  const report = useLab(({ performance }) => (run ? performance[run.id] : undefined));
  return (
    <>
      {run && report ? (
        <Update run={run} report={report} />
      ) : (
        <p className={styles.empty}>
          Train something: after its third update this shows what an update costs the device, and where its time goes.
        </p>
      )}
      <BenchmarkPanel />
    </>
  );
}

function Update({ run, report }: { run: Run; report: PerformanceReport }) {
  const active = useLab((state) => state.active);
  const { timeKernels } = useActions();
  return (
    <div className={styles.performance}>
      <div className={styles.column}>
        <section aria-label="Cost of an update">
          <h3 className={styles.heading}>
            One update of {run.name} <span className={styles.soft}>{engineWords[report.engine]}</span>
          </h3>
          <dl className={styles.facts}>
            {factsOf(report, run.summary.imagesPerSecond).map(([what, value]) => (
              <div key={what}>
                <dt>{what}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
        {report.variants.length > 0 && (
          <section aria-label="Kernels chosen">
            <h3 className={styles.heading}>Kernels chosen</h3>
            <KernelVariants variants={report.variants} />
          </section>
        )}
      </div>
      <section aria-label="Time by kernel">
        <h3 className={styles.heading}>
          Time on the GPU
          <button type="button" className={styles.button} disabled={active !== run.id} onClick={timeKernels}>
            Time the next update
          </button>
        </h3>
        {report.kernels.length > 0 ? (
          <Kernels kernels={report.kernels} />
        ) : (
          <p className={styles.soft}>{howTo(report)}</p>
        )}
      </section>
    </div>
  );
}

const engineWords = {
  fused: "on Tricklab's own kernels, recorded and replayed",
  reference: 'on plain TensorFlow.js operations, which are not counted',
};

const howTo = ({ engine }: PerformanceReport) =>
  engine === 'fused'
    ? 'Not measured yet. It needs a run in progress and a device with timestamp-query, and changes no number of the run.'
    : 'Plain operations have no clock.';

const factsOf = (report: PerformanceReport, imagesPerSecond: number | undefined): [string, string][] => [
  ['Images', `${formatCount(imagesPerSecond)}/s`],
  ['Dispatches', formatCount(report.dispatches)],
  ['Submits', formatCount(report.submits)],
  ['Uploaded, the batch included', formatBytes(report.uploadBytes)],
  ['Bound by dispatches', formatBytes(report.boundBytes)],
  ['JavaScript', formatMilliseconds(report.jsMs)],
  ['GPU memory now', formatBytes(report.liveBytes)],
  ['GPU memory at most', formatBytes(report.peakBytes)],
  ['Pipelines compiled', `${formatCount(report.pipelines)} in ${formatMilliseconds(report.compileMs)}`],
];

function Kernels({ kernels }: Pick<PerformanceReport, 'kernels'>) {
  const total = kernels.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">Kernel</th>
          <th scope="col">Dispatches</th>
          <th scope="col">Time</th>
          <th scope="col">Share</th>
        </tr>
      </thead>
      <tbody>
        {kernels.map(({ name, dispatches, milliseconds: time }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{dispatches}</td>
            <td>{formatMilliseconds(time)}</td>
            <td>
              <span className={styles.bar} style={{ width: `${(60 * time) / total}px` }} />
              {formatShare(time / total)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
