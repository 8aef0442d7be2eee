import { useId, useMemo, useState } from 'react';
import { formatShare } from '../../core/format';
import { atThreshold, type Scores, scoresOf, thresholdFor } from '../../runs/predictions';
import { runColor, runDash, Swatch } from '../charts/marks';
import styles from './answers.module.css';
import type { Judgement } from './judgement';
import { Plot, pathOf, shareTicks } from './plot';

const GRID = Array.from({ length: 201 }, (_, i) => i / 200);
const POOLED = 'all';

const formatThreshold = (value: number) => value.toFixed(3);

/** What is gained and lost by saying a class only from some probability on. */
export function Threshold({ judgements }: { judgements: readonly Judgement[] }) {
  const ids = { of: useId(), wanted: useId() };
  const [of, setOf] = useState(POOLED);
  const [threshold, setThreshold] = useState(0.5);
  const [wanted, setWanted] = useState('90');
  const classes = judgements[0]?.judged.classes ?? [];
  const only = of === POOLED || !classes[Number(of)] ? undefined : Number(of);
  const curves = useMemo(
    () =>
      judgements.map(({ run, judged }) => {
        const scores = scoresOf(judged, only);
        const points = GRID.map((at) => atThreshold(scores, at));
        return {
          run,
          scores,
          precision: pathOf(points.map((point) => [point.threshold, point.precision])),
          recall: pathOf(points.map((point) => [point.threshold, point.recall])),
        };
      }),
    [judgements, only],
  );
  const precision = Number(wanted.trim() || Number.NaN) / 100;
  const valid = precision >= 0 && precision <= 1;
  const words = curves.map(({ run, scores }) => {
    const now = atThreshold(scores, threshold);
    return `${run.name}: precision ${formatShare(now.precision)}, recall ${formatShare(now.recall)}`;
  });
  return (
    <section className={styles.part} aria-label="Precision and recall">
      <h4 className={styles.title}>
        Precision and recall <span className={styles.soft}>where a class is said only from a probability on</span>
      </h4>
      <div className={styles.bar}>
        <span className={styles.field}>
          <label htmlFor={ids.of}>of</label>
          <select
            id={ids.of}
            className={styles.select}
            value={only === undefined ? POOLED : of}
            onChange={(event) => setOf(event.target.value)}
          >
            <option value={POOLED}>all classes, pooled</option>
            {classes.map((name, label) => (
              <option key={name} value={label}>
                {name}
              </option>
            ))}
          </select>
        </span>
        <span className={styles.field}>
          <label htmlFor={ids.wanted}>wanted precision</label>
          <input
            id={ids.wanted}
            className={styles.number}
            inputMode="decimal"
            value={wanted}
            aria-invalid={!valid}
            onChange={(event) => setWanted(event.target.value)}
          />
          %
        </span>
      </div>
      <Plot
        label={`Precision and recall over thresholds from 0 to 1. At ${formatThreshold(threshold)}, ${words.join('; ')}`}
        x={[0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, text: String(at) }))}
        y={shareTicks}
        xTitle="threshold"
        height={200}
        cursor={{
          label: 'Threshold',
          min: 0,
          max: 1,
          step: 0.005,
          value: threshold,
          text: `${formatThreshold(threshold)}: ${words.join('; ')}`,
          onChange: setThreshold,
        }}
      >
        {curves.map(({ run, precision, recall }) => (
          <g key={run.id} stroke={runColor(run.color)} strokeDasharray={runDash(run.color)}>
            <path d={precision} strokeWidth="2.250" />
            <path d={recall} strokeWidth="1" />
          </g>
        ))}
      </Plot>
      <p className={styles.legend}>
        <svg width="18" height="8" viewBox="0 0 18 8" aria-hidden="true">
          <path d="M0 4h18" stroke="currentColor" strokeWidth="2.250" />
        </svg>
        precision
        <svg width="18" height="8" viewBox="0 0 18 8" aria-hidden="true">
          <path d="M0 4h18" stroke="currentColor" strokeWidth="1" />
        </svg>
        recall
      </p>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">At {formatThreshold(threshold)}</th>
            <th scope="col" data-number>
              Precision
            </th>
            <th scope="col" data-number>
              Recall
            </th>
            <th scope="col" data-number>
              Said
            </th>
          </tr>
        </thead>
        <tbody>
          {curves.map(({ run, scores }) => {
            const now = atThreshold(scores, threshold);
            return (
              <tr key={run.id}>
                <th scope="row">
                  <Swatch color={run.color} /> {run.name}
                </th>
                <td data-number>{formatShare(now.precision)}</td>
                <td data-number>{formatShare(now.recall)}</td>
                <td data-number>{now.taken.toLocaleString('en')}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {valid ? (
        <ul className={styles.findings}>
          {curves.map(({ run, scores }) => (
            <Finding key={run.id} name={run.name} scores={scores} precision={precision} onUse={setThreshold} />
          ))}
        </ul>
      ) : (
        <p className={styles.soft} role="alert">
          A wanted precision is a number from 0 to 100.
        </p>
      )}
    </section>
  );
}

interface FindingProps {
  name: string;
  scores: Scores;
  precision: number;
  onUse: (threshold: number) => void;
}

/** The lowest threshold for the wanted precision. */
function Finding({ name, scores, precision, onUse }: FindingProps) {
  const found = useMemo(() => thresholdFor(scores, precision), [scores, precision]);
  if (!found) {
    return (
      <li>
        {name} reaches a precision of {formatShare(precision)} at no threshold.
      </li>
    );
  }
  return (
    <li>
      {name} reaches {formatShare(precision)} from{' '}
      <button type="button" className={styles.value} onClick={() => onUse(found.threshold)}>
        {formatThreshold(found.threshold)}
      </button>{' '}
      on: precision {formatShare(found.precision)}, recall {formatShare(found.recall)}.
    </li>
  );
}
