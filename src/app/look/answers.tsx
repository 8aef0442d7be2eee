import { useId, useMemo, useState } from 'react';
import { formatCount, formatLoss, formatShare } from '../../core/format';
import type { Run } from '../../runs/run';
import { Swatch } from '../charts/marks';
import { useLab } from '../use-lab';
import styles from './answers.module.css';
import { Calibration } from './calibration';
import { Confusion } from './confusion';
import type { Judgement } from './judgement';
import { Mistakes } from './mistakes';
import { Threshold } from './threshold';
import { useJudged } from './use-judged';

/** What the networks of one run, or of two beside each other, say of the validation images. */
export function Answers() {
  const runs = useLab((state) => state.runs);
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const known = runs.filter(({ predictedAt }) => predictedAt !== undefined).toReversed();
  const run = known.find(({ id }) => id === first) ?? known[0];
  const other = known.find(({ id }) => id === second && id !== run?.id);
  const [judged, otherJudged] = [useJudged(run), useJudged(other)];
  const judgements = useMemo(() => {
    const found: Judgement[] = [];
    if (run && judged && judged !== 'none') found.push({ run, judged });
    if (other && otherJudged && otherJudged !== 'none') found.push({ run: other, judged: otherJudged });
    return found;
  }, [run, judged, other, otherJudged]);
  if (!run) return <Empty trained={runs.length > 0} />;
  const alike = new Set(judgements.map(({ judged: { classes } }) => classes.join('\n'))).size <= 1;
  return (
    <>
      <div className={styles.bar}>
        <RunSelect label="Run" runs={known} value={run.id} onChange={setFirst} />
        <RunSelect
          label="beside"
          none="no other run"
          runs={known.filter(({ id }) => id !== run.id)}
          value={other?.id ?? ''}
          onChange={setSecond}
        />
      </div>
      {judged === undefined && <p className={styles.soft}>Reading what it said.</p>}
      {judged === 'none' && <p className={styles.soft}>What {run.name} said is not kept in this browser.</p>}
      {alike ? (
        judgements.length > 0 && (
          <>
            <Facts judgements={judgements} />
            <div className={styles.parts}>
              <Confusion judgements={judgements} />
              <Threshold judgements={judgements} />
              <Calibration judgements={judgements} />
              <Mistakes judgements={judgements} />
            </div>
          </>
        )
      ) : (
        <p className={styles.soft}>These two runs have different classes: choose runs of one dataset.</p>
      )}
    </>
  );
}

function Empty({ trained }: { trained: boolean }) {
  return (
    <p className={styles.soft}>
      {trained ? 'No run here has been validated yet' : 'Train something first'}: after every epoch the network says
      what it takes each validation image for. Then this shows which classes it mixes up, its worst mistakes, what a
      threshold on its probabilities is worth, and whether it is as sure as it is right. Train once without label
      smoothing and once with it, and lay the two beside each other.
    </p>
  );
}

interface RunSelectProps {
  label: string;
  none?: string;
  runs: readonly Run[];
  value: string;
  onChange: (id: string) => void;
}

function RunSelect({ label, none, runs, value, onChange }: RunSelectProps) {
  const id = useId();
  const run = runs.find((candidate) => candidate.id === value);
  return (
    <span className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {run && <Swatch color={run.color} />}
      <select id={id} className={styles.select} value={value} onChange={(event) => onChange(event.target.value)}>
        {none && <option value="">{none}</option>}
        {runs.map((candidate) => (
          <option key={candidate.id} value={candidate.id}>
            {candidate.name}
          </option>
        ))}
      </select>
    </span>
  );
}

/** Which images these are, and how many of them are right. */
function Facts({ judgements }: { judgements: readonly Judgement[] }) {
  return (
    <ul className={styles.facts}>
      {judgements.map(({ run, judged }) => {
        const right = judged.labels.reduce((sum, label, row) => sum + (label === judged.guesses[row] ? 1 : 0), 0);
        const loss = judged.losses.reduce((sum, value) => sum + value, 0) / judged.rows;
        return (
          <li key={run.id}>
            <Swatch color={run.color} /> {run.name}: {judged.rows.toLocaleString('en')} images of the split “
            {judged.split}” after update {judged.step.toLocaleString('en')}, {right.toLocaleString('en')} right (
            {formatShare(right / judged.rows)}), loss {formatLoss(loss)}.
            {judged.rows < judged.images &&
              ` A fixed choice out of ${formatCount(judged.images)}, the same in every run: more would not fit.`}
          </li>
        );
      })}
    </ul>
  );
}
