import { useEffect, useId, useMemo, useRef, useState } from 'react';
import type { MixPlan } from '../../catalog/define';
import { formatShare } from '../../core/format';
import { AskForData, useForeignData } from '../panels/foreign-data';
import { useLab } from '../use-lab';
import styles from './look.module.css';
import type { PreviewImage } from './preview';
import { askTraining, usePreview } from './use-preview';

const COUNT = 16;

/** Training images exactly as the network will see them, with their soft targets. */
export function TrainingImages() {
  const id = useId();
  const experiment = useLab((state) => state.experiment);
  const [epoch, setEpoch] = useState(0);
  const foreign = useForeignData(experiment);
  const wish = useMemo(() => (foreign ? undefined : { experiment, epoch, count: COUNT }), [experiment, epoch, foreign]);
  const { answer: newest, stale } = usePreview(askTraining, wish);
  const answer = foreign ? undefined : newest;
  const made = answer?.made;
  return (
    <>
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
        <p>The first images of the epoch, as the network will see them. {made && mixWords(made.mix)}</p>
      </div>
      {foreign && <AskForData {...foreign} />}
      {!answer && !foreign && <p className={styles.note}>Reading the first images of the dataset.</p>}
      {answer?.problem !== undefined && (
        <p className={styles.problem} role="alert">
          {answer.problem}
        </p>
      )}
      {made && (
        <ul className={styles.images} data-stale={stale} aria-busy={stale}>
          {made.images.map((image) => (
            <Picture key={image.key} image={image} size={made.size} />
          ))}
        </ul>
      )}
    </>
  );
}

function mixWords(mix: MixPlan): string {
  if (mix.kind === 'none') return 'No mixing in this batch.';
  const share = formatShare(mix.lambda);
  return mix.kind === 'mixup'
    ? `Mixup: ${share} of each image, the rest is its partner.`
    : `CutMix: a box of the partner is pasted in, ${share} is left of each image.`;
}

/** An image of size x size pixels, RGBA; blank while there are none. */
export function Pixels({
  pixels,
  size,
  label,
}: {
  pixels: Uint8ClampedArray<ArrayBuffer> | undefined;
  size: number;
  label: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (pixels) context?.putImageData(new ImageData(pixels, size, size), 0, 0);
    else context?.clearRect(0, 0, size, size);
  }, [pixels, size]);
  return <canvas ref={canvas} width={size} height={size} role="img" aria-label={label} data-small={size < 100} />;
}

function Picture({ image, size }: { image: PreviewImage; size: number }) {
  const words = image.target.map(({ name, share }) => `${name} ${formatShare(share)}`).join(', ');
  return (
    <li className={styles.picture}>
      <Pixels pixels={image.pixels} size={size} label={`Training image: ${words}`} />
      {image.target.slice(0, 2).map(({ name, share }) => (
        <p key={name} className={styles.target}>
          <span className={styles.share} style={{ width: `${share * 100}%` }} />
          <span className={styles.class} title={name}>
            {name}
          </span>
          <span>{formatShare(share)}</span>
        </p>
      ))}
      {image.leastTarget > 0 && <p className={styles.floor}>others {formatShare(image.leastTarget)} each</p>}
    </li>
  );
}
