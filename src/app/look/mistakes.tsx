import { useMemo } from 'react';
import { formatLoss, formatShare } from '../../core/format';
import { confidence, type Judged, worstMistakes } from '../../runs/predictions';
import { AskForData, useForeignData } from '../panels/foreign-data';
import styles from './answers.module.css';
import type { Judgement } from './judgement';
import { Pixels } from './training-images';
import { askValidation, usePreview } from './use-preview';

const COUNT = 12;

const nameOf = ({ classes }: Judged, label: number | undefined) => classes[label ?? -1] ?? '';

/** The images of the first run that are taken for something else with the largest loss; what the other run says beside. */
export function Mistakes({ judgements: [one, other] }: { judgements: readonly Judgement[] }) {
  const rows = useMemo(() => (one ? worstMistakes(one.judged, COUNT) : []), [one]);
  const foreign = useForeignData(one?.run.experiment);
  const wish = useMemo(() => {
    if (!one || rows.length === 0 || foreign) return undefined;
    const { judged, run } = one;
    const wanted = rows.map((row) => ({ place: judged.places[row] as number, key: judged.keys[row] as string }));
    return run.experiment && { experiment: run.experiment, wanted };
  }, [one, rows, foreign]);
  const { answer, stale } = usePreview(askValidation, wish);
  const otherRows = useMemo(() => new Map(other?.judged.keys.map((key, row) => [key, row])), [other]);
  if (!one) return null;
  const { judged, run } = one;
  const width = judged.classes.length;
  const made = stale ? undefined : answer?.made;
  return (
    <section className={styles.part} data-wide="true" aria-label="Worst mistakes">
      <h4 className={styles.title}>
        Worst mistakes <span className={styles.soft}>of {run.name}, largest loss first</span>
      </h4>
      {rows.length === 0 && <p className={styles.soft}>It made none.</p>}
      {foreign && rows.length > 0 && <AskForData {...foreign} />}
      {answer?.problem !== undefined && <p className={styles.soft}>The images can't be shown: {answer.problem}</p>}
      <ul className={styles.mistakes}>
        {rows.map((row, i) => {
          const label = judged.labels[row] as number;
          const truth = nameOf(judged, label);
          const guess = nameOf(judged, judged.guesses[row]);
          const key = judged.keys[row] as string;
          const beside = otherRows.get(key);
          return (
            <li key={key}>
              <Pixels
                pixels={made?.images[i]}
                size={made?.size ?? 1}
                label={`Validation image ${key}: ${truth}, taken for ${guess}`}
              />
              <dl className={styles.verdict}>
                <dt>is</dt>
                <dd title={truth}>{truth}</dd>
                <dd data-number>{formatShare(judged.probabilities[row * width + label])}</dd>
                <dt>taken for</dt>
                <dd title={guess}>{guess}</dd>
                <dd data-number>{formatShare(confidence(judged, row))}</dd>
                {other && beside !== undefined && (
                  <>
                    <dt>{other.run.name}</dt>
                    <dd>{nameOf(other.judged, other.judged.guesses[beside])}</dd>
                    <dd data-number>{formatShare(confidence(other.judged, beside))}</dd>
                  </>
                )}
                <dt>loss</dt>
                <dd data-number>{formatLoss(judged.losses[row])}</dd>
              </dl>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
