import { Switch } from '@mantine/core';
import { Fragment, memo } from 'react';
import type { OptionValues, Part, Trick } from '../../catalog/define';
import { unmetNeed } from '../../experiment/needs';
import { controlsOf } from '../../experiment/schema';
import { pristine } from '../../lab/pristine';
import { Icon } from '../icons';
import { useActions, useLab } from '../use-lab';
import styles from './form.module.css';
import { OptionField } from './option-field';

const same = (a: OptionValues | undefined, b: OptionValues | undefined) => JSON.stringify(a) === JSON.stringify(b);

/** The options of a part, one row each. */
export const Options = memo(function Options({ part }: { part: Part }) {
  const values = useLab(({ experiment }) => experiment.options[part.id]);
  const refused = useLab((state) => state.refused);
  const { setOption } = useActions();
  return [...controlsOf(part)].map(([name, control]) => {
    const value = values?.[name];
    if (value === undefined) return null;
    const refusal = refused?.control === `${part.id}.${name}` ? refused.message : undefined;
    return (
      <Fragment key={name}>
        <OptionField
          control={control}
          value={value}
          changed={JSON.stringify(value) !== JSON.stringify(pristine.options[part.id]?.[name])}
          onChange={(next) => setOption(part.id, name, next)}
        />
        {refusal && (
          <p className={styles.expects} role="alert">
            {refusal}
          </p>
        )}
      </Fragment>
    );
  });
});

/** Puts a part back to the default experiment; there only when there is something to put back. */
export function ResetButton({ part }: { part: Part }) {
  const changed = useLab(
    ({ experiment }) =>
      experiment.on[part.id] !== pristine.on[part.id] || !same(experiment.options[part.id], pristine.options[part.id]),
  );
  const { reset } = useActions();
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
  const on = useLab(({ experiment }) => experiment.on[part.id] ?? false);
  const { toggle } = useActions();
  const unmet = useLab(({ adapter }) => adapter && unmetNeed(part, adapter.features));
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
