import { useDeferredValue, useId, useMemo } from 'react';
import { differences } from '../../experiment/differences';
import { presets, START } from '../../experiment/presets';
import type { Experiment } from '../../experiment/schema';
import { toLink } from '../../experiment/url';
import { pristine } from '../../lab/pristine';
import { useActions, useLab } from '../use-lab';
import styles from './form.module.css';

const startingPoints = [
  {
    id: 'default',
    label: 'Default',
    source: START,
    summary: 'A small network on Fashion-MNIST.',
    experiment: pristine,
  },
  ...presets,
].map((preset) => ({ ...preset, link: toLink(preset.experiment) }));

const sources = [...new Set(startingPoints.map(({ source }) => source))];

/** More changes than this, and the experiment is nobody's variant. */
const MOST_CHANGES = 6;

/** What an experiment is a variant of: the starting point with the fewest changes, or undefined if all are far. */
function nearest(experiment: Experiment): { label: string; changes: string[] } | undefined {
  const [first] = startingPoints
    .map((preset) => ({ label: preset.label, changes: differences(preset.experiment, experiment) }))
    .sort((a, b) => a.changes.length - b.changes.length);
  return first && first.changes.length <= MOST_CHANGES ? first : undefined;
}

/** Starting points. What is on the form is named when it is exactly one of them, or else by the nearest one. */
export function PresetField() {
  const id = useId();
  const experiment = useLab((state) => state.experiment);
  const { change } = useActions();
  const deferred = useDeferredValue(experiment);
  const link = useMemo(() => toLink(experiment), [experiment]);
  const near = useMemo(() => nearest(deferred), [deferred]);
  const current = startingPoints.find((preset) => preset.link === link);
  return (
    <div className={styles.preset}>
      <label htmlFor={id}>Preset</label>
      <select
        id={id}
        className={styles.input}
        value={current?.id ?? ''}
        onChange={(event) => {
          const preset = startingPoints.find((candidate) => candidate.id === event.target.value);
          if (preset) change(preset.experiment, `preset ${preset.id}`);
        }}
      >
        {!current && <option value="">{near ? `${near.label}, changed` : 'Your own'}</option>}
        {sources.map((source) => (
          <optgroup key={source} label={source}>
            {startingPoints
              .filter((preset) => preset.source === source)
              .map((preset) => (
                <option key={preset.id} value={preset.id} title={preset.summary}>
                  {preset.label}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
      <p className={styles.presetWords}>
        {current ? current.summary : (near?.changes.join(' · ') ?? 'Far from every preset.')}
      </p>
    </div>
  );
}
