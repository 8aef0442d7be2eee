/** Runs that diverge in numbers that are still finite: they end like any other, and only their losses tell. */
import { formatLoss } from '../core/format';
import type { EvalMetrics, UpdateMetrics } from '../core/results';

/** A training loss so many times that of guessing, for a whole epoch, is no learning. */
const TIMES_GUESSING = 10;
/** No network that learns has such a validation loss, whatever its classes: a mean of exp(-1000) for what is right. */
const HOPELESS = 1e3;

const CAUSES =
  'It goes on, and will hardly recover. Likely causes: the learning rate is too high, there is no warmup, or the batch is too small for its statistics.';

export interface DivergenceWatch {
  /** What an update shows, in words; undefined for most, and for all after the first that did. */
  update(metrics: UpdateMetrics): string | undefined;
  evaluated(metrics: EvalMetrics): string | undefined;
}

/** Watches one run over so many classes; says once that it diverges. */
export function watchDivergence(classes: number): DivergenceWatch {
  const bound = TIMES_GUESSING * Math.log(Math.max(2, classes));
  let said = false;
  /** Epochs done when the loss went above the bound, to stay there. */
  let above: number | undefined;
  const once = (words: string) => {
    if (said) return undefined;
    said = true;
    return `${words} ${CAUSES}`;
  };
  return {
    update({ loss, epoch }) {
      if (!(loss > bound)) above = undefined;
      else above ??= epoch;
      if (above === undefined || epoch - above < 1) return undefined;
      return once(
        `The training loss was above ${formatLoss(bound)}, ${TIMES_GUESSING} times that of guessing, for a whole epoch.`,
      );
    },
    evaluated({ loss, split }) {
      return loss > HOPELESS && Number.isFinite(loss)
        ? once(`The loss of the ${split} is ${loss.toPrecision(3)}, which no network that learns has.`)
        : undefined;
    },
  };
}
