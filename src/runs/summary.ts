import type { RunSummary } from './run';
import type { Series } from './series';

/** Updates that the training loss of a summary is the mean of. */
const RECENT = 20;

/** Where a run stands: training loss and speed over its last steps, validation as last measured. */
export function summaryOf(series: Series): RunSummary {
  const evaluation = series.lastEvaluation();
  const averaged = series.lastEvaluation(true);
  return {
    step: series.last('step') ?? 0,
    epoch: series.last('epoch') ?? 0,
    timeMs: series.last('timeMs') ?? 0,
    ...(series.length
      ? { trainLoss: series.recentMean('loss', RECENT), imagesPerSecond: series.throughput().at(-1) ?? Number.NaN }
      : {}),
    ...(evaluation ? { validationLoss: evaluation.loss, top1: evaluation.top1, top5: evaluation.top5 } : {}),
    ...(averaged ? { averagedTop1: averaged.top1 } : {}),
  };
}
