import type { Run } from '../../runs/run';
import { columns, type Series } from '../../runs/series';
import { saveFile } from '../save-file';

/** Saves the full curve of a run: one line per update, then validation, and that of averaged weights if there is any, in the columns of its update. */
export function downloadCurve(run: Run, series: Series): void {
  const data = columns.map((name) => series.column(name));
  const kinds = [
    { name: 'validation', metrics: series.evaluations.filter(({ averaged }) => !averaged) },
    { name: 'averaged', metrics: series.evaluations.filter(({ averaged }) => averaged) },
  ].filter(({ name, metrics }) => name === 'validation' || metrics.length > 0);
  const evaluations = kinds.map(({ metrics }) => new Map(metrics.map((one) => [one.step, one])));
  const lines = [[...columns, ...kinds.flatMap(({ name }) => [`${name}Loss`, `${name}Top1`, `${name}Top5`])].join(',')];
  for (let i = 0; i < series.length; i++) {
    const measured = evaluations.flatMap((at) => {
      const metrics = at.get(series.column('step')[i] ?? 0);
      return [metrics?.loss, metrics?.top1, metrics?.top5];
    });
    lines.push([...data.map((column) => column[i]), ...measured].join(','));
  }
  saveFile(`tricklab-${run.name}.csv`, `${lines.join('\n')}\n`, 'text/csv');
}
