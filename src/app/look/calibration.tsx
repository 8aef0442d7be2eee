import { useMemo } from 'react';
import { formatLoss, formatShare } from '../../core/format';
import { reliability } from '../../runs/predictions';
import { runColor, runDash, Swatch } from '../charts/marks';
import styles from './answers.module.css';
import type { Judgement } from './judgement';
import { dotsOf, Plot, pathOf, shareTicks } from './plot';

/** Whether the network is as sure as it is right. */
export function Calibration({ judgements }: { judgements: readonly Judgement[] }) {
  const found = useMemo(
    () => judgements.map(({ run, judged }) => ({ run, ...reliability(judged), rows: judged.rows })),
    [judgements],
  );
  const words = found.map(
    ({ run, ece, confidence, accuracy }) =>
      `${run.name} is sure to ${formatShare(confidence)} and right to ${formatShare(accuracy)}, calibration error ${formatShare(ece)}`,
  );
  const largest = Math.max(...found.flatMap(({ bins, rows }) => bins.map(({ images }) => images / rows)));
  return (
    <section className={styles.part} aria-label="Reliability">
      <h4 className={styles.title}>
        Reliability <span className={styles.soft}>how often it is right where it is so sure</span>
      </h4>
      <Plot label={`Accuracy over confidence. ${words.join('; ')}`} x={shareTicks} y={shareTicks} height={200}>
        <path
          d={pathOf([
            [0, 0],
            [1, 1],
          ])}
          stroke="var(--line-strong)"
          strokeDasharray="4 4"
        />
        {found.map(({ run, bins }) => {
          const points = bins
            .filter(({ images }) => images > 0)
            .map(({ confidence, accuracy }) => [confidence, accuracy] as const);
          return (
            <g key={run.id} stroke={runColor(run.color)}>
              <path d={pathOf(points)} strokeWidth="1.500" strokeDasharray={runDash(run.color)} />
              <path d={dotsOf(points)} strokeWidth="6" strokeLinecap="round" />
            </g>
          );
        })}
      </Plot>
      <p className={styles.under}>How many of the images it is so sure of</p>
      <Plot
        label="Share of the images by confidence"
        x={shareTicks}
        y={[
          { at: 0, text: '0' },
          { at: 1, text: formatShare(largest) },
        ]}
        xTitle="confidence"
        height={64}
      >
        {found.map(({ run, bins, rows }) => (
          <path
            key={run.id}
            d={pathOf(
              bins.flatMap(({ low, high, images }) => [
                [low, images / rows / largest],
                [high, images / rows / largest],
              ]),
            )}
            stroke={runColor(run.color)}
            strokeDasharray={runDash(run.color)}
            strokeWidth="1.750"
          />
        ))}
      </Plot>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col" data-number>
              Sure
            </th>
            <th scope="col" data-number>
              Right
            </th>
            <th scope="col" data-number title="Expected calibration error, 15 bins (Guo et al. 2017)">
              ECE
            </th>
            <th scope="col" data-number>
              Loss
            </th>
          </tr>
        </thead>
        <tbody>
          {found.map(({ run, confidence, accuracy, ece, loss }) => (
            <tr key={run.id}>
              <th scope="row">
                <Swatch color={run.color} /> {run.name}
              </th>
              <td data-number>{formatShare(confidence)}</td>
              <td data-number>{formatShare(accuracy)}</td>
              <td data-number>{formatShare(ece)}</td>
              <td data-number>{formatLoss(loss)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={styles.soft}>
        Below the dashed line it is surer than it is right. Label smoothing and mixing lower the probabilities: a
        threshold chosen without them must be chosen anew.
      </p>
    </section>
  );
}
