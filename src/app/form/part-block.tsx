import { Switch } from '@mantine/core';
import { memo } from 'react';
import type { OptionValues, Part, Trick } from '../../catalog/define';
import { unmetNeed } from '../../experiment/needs';
import { controlsOf } from '../../experiment/schema';
import { Icon } from '../icons';
import { pristine, useExperiment, useRuns } from '../state';
import styles from './form.module.css';
import { OptionField } from './option-field';

const same = (a: OptionValues | undefined, b: OptionValues | undefined) => JSON.stringify(a) === JSON.stringify(b);

/** The options of a part, one row each. */
export const Options = memo(function Options({ part }: { part: Part }) {
  const values = useExperiment(({ experiment }) => experiment.options[part.id]);
  const setOption = useExperiment(({ setOption }) => setOption);
  return [...controlsOf(part)].map(([name, control]) => {
    const value = values?.[name];
    if (value === undefined) return null;
    return (
      <OptionField
        key={name}
        control={control}
        value={value}
        changed={JSON.stringify(value) !== JSON.stringify(pristine.options[part.id]?.[name])}
        onChange={(next) => setOption(part.id, name, next)}
      />
    );
  });
});

/** Puts a part back to the default experiment; there only when there is something to put back. */
export function ResetButton({ part }: { part: Part }) {
  const changed = useExperiment(
    ({ experiment }) =>
      experiment.on[part.id] !== pristine.on[part.id] || !same(experiment.options[part.id], pristine.options[part.id]),
  );
  const reset = useExperiment(({ reset }) => reset);
  if (!changed) return null;
  return (
    <button
      type="button"
      className={styles.iconButton}
      aria-label={`Reset ${part.label}`}
      title="Back to the default"
      onClick={() => reset(part.id)}
    >
      <Icon name="reset" />
    </button>
  );
}

/** One sentence, and where to read more. */
export function Summary({ part }: { part: Part }) {
  // 'Title (Authors year)': the link says the authors, its tooltip the title.
  const authors = part.paper?.title.match(/\(([^()]+)\)$/)?.[1] ?? part.paper?.title;
  return (
    <p className={styles.summary}>
      {part.summary}{' '}
      {part.paper && (
        <a href={part.paper.url} target="_blank" rel="noreferrer" title={part.paper.title}>
          {authors}
        </a>
      )}
    </p>
  );
}

export function Warnings({ messages }: { messages: readonly string[] }) {
  return messages.map((message) => (
    <p key={message} className={styles.warning}>
      <Icon name="warn" />
      <span>{message}</span>
    </p>
  ));
}

/** A trick: its switch, one sentence, its options while it is on, and what speaks against it. */
export const TrickBlock = memo(function TrickBlock({ part, warnings }: { part: Trick; warnings: readonly string[] }) {
  const on = useExperiment(({ experiment }) => experiment.on[part.id] ?? false);
  const toggle = useExperiment(({ toggle }) => toggle);
  const unmet = useRuns(({ adapter }) => adapter && unmetNeed(part, adapter.features));
  return (
    <div className={styles.trick} data-on={on}>
      <div className={styles.trickHead}>
        <Switch
          size="xs"
          label={part.label}
          checked={on}
          // A link may have switched it on: it can always be switched off.
          disabled={unmet !== undefined && !on}
          onChange={(event) => toggle(part.id, event.currentTarget.checked)}
        />
        <ResetButton part={part} />
      </div>
      <div className={styles.trickBody}>
        <Summary part={part} />
        {on && <Options part={part} />}
        {unmet && <Warnings messages={[unmet]} />}
        {on && <Warnings messages={warnings} />}
      </div>
    </div>
  );
});
