import { useEffect, useId, useRef, useState } from 'react';
import type { MixPlan } from '../../catalog/define';
import { formatRate, formatShare } from '../format';
import { planOf } from '../plan';
import { useExperiment } from '../state';
import styles from './look.module.css';
import type { PreviewImage } from './protocol';
import { usePreview } from './use-preview';

const COUNT = 16;

/** Training images exactly as the network will see them, with their soft targets. */
export function Look() {
  const id = useId();
  const experiment = useExperiment((state) => state.experiment);
  const [epoch, setEpoch] = useState(0);
  const { answer, stale } = usePreview(experiment, epoch, COUNT);
  return (
    <section className={styles.look} aria-label="Look">
      <div className={styles.bar}>
        <label htmlFor={id}>Epoch</label>
        <span className={styles.stepper}>
          <button type="button" aria-label="Epoch before" disabled={epoch === 0} onClick={() => setEpoch(epoch - 1)}>
            −
          </button>
          <input
            id={id}
            inputMode="numeric"
            value={epoch + 1}
            onChange={(event) => {
              const next = Number(event.target.value);
              if (Number.isInteger(next) && next >= 1 && next <= 1_000_000) setEpoch(next - 1);
            }}
          />
          <button type="button" aria-label="Epoch after" onClick={() => setEpoch(epoch + 1)}>
            +
          </button>
        </span>
        <p>
          The first images of the epoch, as the network will see them.{' '}
          {answer && answer.problem === undefined && mixWords(answer.mix)}
        </p>
        <RateLine />
      </div>
      {!answer && <p className={styles.note}>Reading the first images of the dataset.</p>}
      {answer?.problem !== undefined && (
        <p className={styles.problem} role="alert">
          {answer.problem}
        </p>
      )}
      {answer && answer.problem === undefined && (
        <ul className={styles.images} data-stale={stale} aria-busy={stale}>
          {answer.images.map((image) => (
            <Picture key={image.key} image={image} size={answer.size} />
          ))}
        </ul>
      )}
    </section>
  );
}

function mixWords(mix: MixPlan): string {
  if (mix.kind === 'none') return 'No mixing in this batch.';
  const share = formatShare(mix.lambda);
  return mix.kind === 'mixup'
    ? `Mixup: ${share} of each image, the rest is its partner.`
    : `CutMix: a box of the partner is pasted in, ${share} is left of each image.`;
}

function Picture({ image, size }: { image: PreviewImage; size: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext('2d')?.putImageData(new ImageData(image.pixels, size, size), 0, 0);
  }, [image, size]);
  const words = image.target.map(({ name, share }) => `${name} ${formatShare(share)}`).join(', ');
  return (
    <li className={styles.picture}>
      <canvas
        ref={canvas}
        width={size}
        height={size}
        role="img"
        aria-label={`Training image: ${words}`}
        data-small={size < 100}
      />
      {image.target.slice(0, 2).map(({ name, share }) => (
        <p key={name} className={styles.target}>
          <span className={styles.share} style={{ width: `${share * 100}%` }} />
          <span className={styles.class} title={name}>
            {name}
          </span>
          <span>{formatShare(share)}</span>
        </p>
      ))}
      {image.floor > 0 && <p className={styles.floor}>others {formatShare(image.floor)} each</p>}
    </li>
  );
}

/** The schedule in numbers; its curve is in the chart of the learning rate. */
function RateLine() {
  const experiment = useExperiment((state) => state.experiment);
  const plan = planOf(experiment);
  if (!plan) return null;
  const { lr, totalUpdates } = plan;
  const step = Math.max(1, Math.floor(totalUpdates / 500));
  let highest = 0;
  for (let update = 0; update < totalUpdates; update += step) if (lr(update) > lr(highest)) highest = update;
  return (
    <dl className={styles.rate}>
      <dt>Learning rate</dt>
      <dd>starts at {formatRate(lr(0))}</dd>
      <dd>
        peaks at {formatRate(lr(highest))} (update {(highest + 1).toLocaleString('en')})
      </dd>
      <dd>
        ends at {formatRate(lr(totalUpdates - 1))} (update {totalUpdates.toLocaleString('en')})
      </dd>
    </dl>
  );
}
