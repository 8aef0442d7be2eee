import { columns } from '../../runs/series';
import type { Run } from '../../runs/store';
import { curveOf } from '../curves';

/** Saves the full curve of a run: one line per update, then validation in the columns of its update. */
export function downloadCurve(run: Run): void {
  const series = curveOf(run.id);
  const data = columns.map((name) => series.column(name));
  const evaluations = new Map(series.evaluations.map((metrics) => [metrics.step, metrics]));
  const lines = [[...columns, 'validationLoss', 'validationTop1', 'validationTop5'].join(',')];
  for (let i = 0; i < series.length; i++) {
    const metrics = evaluations.get(series.column('step')[i] ?? 0);
    lines.push([...data.map((column) => column[i]), metrics?.loss, metrics?.top1, metrics?.top5].join(','));
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([`${lines.join('\n')}\n`], { type: 'text/csv' }));
  link.download = `tricklab-${run.name}.csv`;
  link.click();
  // The download has taken its copy by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
