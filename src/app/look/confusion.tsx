import { useMemo } from 'react';
import { formatShare } from '../../core/format';
import { confusion, mostConfused } from '../../runs/predictions';
import { Swatch } from '../charts/marks';
import styles from './answers.module.css';
import type { Judgement } from './judgement';

/** A larger table can't be read. */
const MOST_CLASSES = 40;
const MOST_PAIRS = 20;

/** Which classes are taken for which: one table a run. */
export function Confusion({ judgements }: { judgements: readonly Judgement[] }) {
  return (
    <section className={styles.part} data-wide={judgements.length > 1} aria-label="Confusion">
      <h4 className={styles.title}>
        Confusion <span className={styles.soft}>a row for each true class, a column for what it is taken for</span>
      </h4>
      <div className={styles.pair}>
        {judgements.map((judgement) => (
          <Matrix key={judgement.run.id} {...judgement} named={judgements.length > 1} />
        ))}
      </div>
    </section>
  );
}

function Matrix({ run, judged, named }: Judgement & { named: boolean }) {
  const counts = useMemo(() => confusion(judged), [judged]);
  const caption = named ? (
    <caption className={styles.caption}>
      <Swatch color={run.color} /> {run.name}
    </caption>
  ) : (
    <caption className="visually-hidden">Confusion matrix of {run.name}</caption>
  );
  const { classes } = judged;
  if (classes.length > MOST_CLASSES) return <Pairs counts={counts} classes={classes} caption={caption} />;
  return (
    // A wide table scrolls by itself, with the keyboard too.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must take the focus
    <section className={styles.frame} aria-label={`Confusion matrix of ${run.name}`} tabIndex={0}>
      <table className={styles.matrix}>
        {caption}
        <thead>
          <tr>
            <td />
            {classes.map((name) => (
              <th key={name} scope="col" title={name}>
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {classes.map((name, truth) => {
            const row = counts.subarray(truth * classes.length, (truth + 1) * classes.length);
            const all = row.reduce((sum, images) => sum + images, 0);
            return (
              <tr key={name}>
                <th scope="row" title={name}>
                  {name}
                </th>
                {classes.map((other, guess) => {
                  const images = row[guess] as number;
                  return (
                    <td
                      key={other}
                      data-right={guess === truth}
                      style={{ '--shade': `${shade(images / Math.max(1, all))}%` } as React.CSSProperties}
                      title={`${name} taken for ${other}: ${images} of ${all}`}
                    >
                      {images || ''}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** Per cent of ink for a share of a class: the square root, so that a few mistakes can be seen; text stays readable on all of it. */
const shade = (share: number) => Math.round(48 * Math.sqrt(share));

interface PairsProps {
  counts: Uint32Array;
  classes: readonly string[];
  caption: React.ReactNode;
}

/** In place of a table too large to read: the pairs that are mixed up most. */
function Pairs({ counts, classes, caption }: PairsProps) {
  const pairs = mostConfused(counts, classes.length, MOST_PAIRS);
  return (
    <table className={styles.table}>
      {caption}
      <thead>
        <tr>
          <th scope="col">Class</th>
          <th scope="col">Taken for</th>
          <th scope="col" data-number>
            Images
          </th>
          <th scope="col" data-number>
            Of its class
          </th>
        </tr>
      </thead>
      <tbody>
        {pairs.map(({ truth, guess, images, share }) => (
          <tr key={`${truth} ${guess}`}>
            <th scope="row">{classes[truth]}</th>
            <td>{classes[guess]}</td>
            <td data-number>{images}</td>
            <td data-number>{formatShare(share)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
