import { useDeferredValue, useMemo } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { formatBytes, formatCount, formatRoughDuration } from '../../core/format';
import { differences } from '../../experiment/differences';
import type { Smaller } from '../../experiment/memory';
import { rateFor, saysRate } from '../../lab/device-rate';
import { roomProblem } from '../../lab/room';
import { shorterThan } from '../../lab/sizing';
import { isReadable } from '../../runs/run';
import { Icon } from '../icons';
import { costOf } from '../plan';
import { useActions, useLab } from '../use-lab';
import { useForeignData } from './foreign-data';
import styles from './transport.module.css';

/** What changed, what it will cost, and the button. */
export function Transport() {
  const run = useLab(({ runs, active }) => runs.find(({ id }) => id === active));
  const foreign = useForeignData(useLab(({ experiment }) => experiment));
  const { start, stop, pause, resume, readDataFrom } = useActions();
  // A press of a button that names the site: from here on it may be asked.
  const train = () => {
    if (foreign) readDataFrom(foreign.address);
    void start();
  };
  const paused = run?.state === 'paused';
  return (
    <section className={styles.transport} aria-label="Training">
      <Changes />
      <Costs />
      <div className={styles.buttons}>
        <button type="button" className={styles.train} onClick={train} title="Ctrl+Enter, or the space bar">
          <Icon name="play" />
          {run ? 'Train next' : 'Train'}
          {foreign && ` on data from ${foreign.host}`}
        </button>
        {run && (
          <>
            <button
              type="button"
              className={styles.secondary}
              disabled={run.state === 'preparing'}
              onClick={paused ? resume : pause}
            >
              <Icon name={paused ? 'play' : 'pause'} /> {paused ? 'Resume' : 'Pause'}
            </button>
            <button type="button" className={styles.secondary} onClick={stop}>
              <Icon name="stop" /> Stop
            </button>
          </>
        )}
      </div>
    </section>
  );
}

/** More changes than this may need a scrollbar. */
const CHANGES_IN_SIGHT = 3;

/** What is different from the newest run. */
function Changes() {
  const experiment = useLab((state) => state.experiment);
  const newest = useLab(({ runs }) => runs.findLast(isReadable));
  const sized = useLab((state) => state.sized);
  if (!newest) {
    return (
      <p className={styles.changes}>
        {sized ? 'A small experiment, sized to this device, is ready.' : 'Ready.'} Press Train to see the first curves.
      </p>
    );
  }
  const { name } = newest;
  const changed = differences(newest.experiment, experiment);
  return (
    <p
      className={styles.changes}
      data-changed={changed.length > 0}
      // What may be too long for its place scrolls, and so takes the focus.
      tabIndex={changed.length > CHANGES_IN_SIGHT ? 0 : undefined}
    >
      {changed.length > 0 ? (
        <>
          Changed since {name}{' '}
          {changed.map((change) => (
            <b key={change}>{change}</b>
          ))}
        </>
      ) : (
        `Same as ${name}. Toggle a trick to compare, or train again with another seed.`
      )}
    </p>
  );
}

function Costs() {
  const experiment = useDeferredValue(useLab((state) => state.experiment));
  const { change } = useActions();
  const probed = useLab((state) => state.flops);
  const telling = useLab(useShallow(({ runs, adapter }) => runs.filter((run) => saysRate(run, adapter))));
  const checkpoints = useLab((state) => state.checkpoints);
  const adapter = useLab((state) => state.adapter);
  const computerBytes = useLab((state) => state.computerBytes);
  const { cost, shorter } = useMemo(() => {
    const teacher = experiment.on.distillation
      ? checkpoints.find(({ id }) => id === experiment.options.distillation?.teacher)
      : undefined;
    const cost = costOf(experiment, rateFor(experiment, telling, probed), teacher);
    return { cost, shorter: 'problem' in cost ? undefined : shorterThan(cost.seconds, telling, probed) };
  }, [experiment, telling, probed, checkpoints]);
  const room = useMemo(
    () => roomProblem(experiment, { adapter, computerBytes, checkpoints }),
    [experiment, adapter, computerBytes, checkpoints],
  );
  if ('problem' in cost) {
    return (
      <p className={styles.problem} role="alert">
        {cost.problem}
      </p>
    );
  }
  const items = [
    {
      label: 'Training',
      value: cost.seconds === undefined ? 'measuring' : `≈ ${formatRoughDuration(cost.seconds)}`,
      title: 'As fast as your most similar run, or as the probe; compiling and validation come on top',
    },
    {
      label: 'Memory',
      value: `≈ ${formatBytes(cost.estimatedBytes)}`,
      title: 'Estimated of the device: weights, moments, activations and the batch, right within a factor of 1.5',
    },
    { label: 'Weights', value: formatCount(cost.params), title: 'Trainable parameters' },
    { label: 'MACs', value: formatCount(cost.gmacs * 1e9), title: "Multiply-adds of one image's forward pass" },
  ];
  return (
    <>
      <dl className={styles.cost}>
        {items.map(({ label, value, title }) => (
          <div key={label} title={title}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {room && (
        <p className={styles.problem} role="alert">
          {room.impossible ? 'This does not fit here.' : 'This may not fit.'} {room.message}{' '}
          {room.smaller && <TakeSmaller {...room.smaller} />}
        </p>
      )}
      {shorter && (
        <p className={styles.long}>
          Long for this device.{' '}
          <button type="button" onClick={() => change(shorter.experiment, 'preset tiny')}>
            {shorter.label} takes ≈ {formatRoughDuration(shorter.seconds)}
          </button>
        </p>
      )}
    </>
  );
}

/** One press, and the experiment fits. */
function TakeSmaller({ experiment, words }: Smaller) {
  const { change } = useActions();
  return (
    <button type="button" onClick={() => change(experiment, 'memory')}>
      Take {words}
    </button>
  );
}
