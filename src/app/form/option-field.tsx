import { Switch } from '@mantine/core';
import { useEffect, useId, useState } from 'react';
import type { OptionControl, OptionValue } from '../../catalog/define';
import { optionText, readOption } from '../../experiment/option-text';
import { CheckpointField } from './checkpoint-field';
import styles from './form.module.css';

interface FieldProps {
  control: OptionControl;
  value: OptionValue;
  onChange: (value: OptionValue) => void;
  /** Shown as changed from the default. */
  changed?: boolean;
}

/** The control of one option, made from its metadata: a row with a label, the input and its unit. */
export function OptionField({ control, value, onChange, changed = false }: FieldProps) {
  const id = useId();
  const help = control.help ? `${id}-help` : undefined;
  return (
    <div className={styles.field} data-changed={changed}>
      <label htmlFor={id} className={styles.fieldLabel} title={control.help}>
        {control.label}
      </label>
      <Input id={id} {...(help ? { describedBy: help } : {})} control={control} value={value} onChange={onChange} />
      {control.help && (
        <p id={help} className={styles.help}>
          {control.help}
        </p>
      )}
    </div>
  );
}

interface InputProps extends Omit<FieldProps, 'changed'> {
  id: string;
  describedBy?: string;
}

function Input(props: InputProps) {
  const { id, describedBy, control, value, onChange } = props;
  const common = { id, 'aria-describedby': describedBy };
  switch (control.kind) {
    case 'boolean':
      return (
        <Switch
          {...common}
          size="xs"
          className={styles.fieldSwitch ?? ''}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'choice':
      return (
        <select
          {...common}
          className={styles.input}
          value={String(value)}
          onChange={(event) => onChange(event.target.value)}
        >
          {control.choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      );
    case 'number':
      return <NumberInput {...props} control={control} />;
    case 'numbers':
    case 'text':
      return <DraftInput {...props} />;
    case 'checkpoint':
      return <CheckpointField {...common} value={String(value)} onChange={onChange} />;
    default:
      return control satisfies never;
  }
}

interface NumberInputProps extends DraftProps {
  control: Extract<OptionControl, { kind: 'number' }>;
}

function NumberInput({ control, value, onChange, ...common }: NumberInputProps) {
  const { min, max, step } = control;
  return (
    <DraftInput
      {...common}
      control={control}
      value={value}
      onChange={onChange}
      stepped={(direction) => Number(Math.min(max, Math.max(min, Number(value) + direction * step)).toPrecision(12))}
      spin={{ 'aria-valuemin': min, 'aria-valuemax': max, 'aria-valuenow': Number(value) }}
    />
  );
}

interface DraftProps extends InputProps {
  /** The value one step up (1) or down (-1), for the arrow keys. */
  stepped?: (direction: number) => number;
  spin?: { 'aria-valuemin': number; 'aria-valuemax': number; 'aria-valuenow': number };
}

/** A text box that may hold something unfinished: every right value is taken at once, a wrong one is marked and given up on leaving. */
function DraftInput({ id, describedBy, control, value, onChange, stepped, spin }: DraftProps) {
  const [draft, setDraft] = useState<string>();
  const shown = optionText(value);
  // A value that changes from outside (back, reset, preset) wins over what was typed.
  useEffect(() => {
    setDraft((text) => {
      const read = text === undefined ? undefined : readOption(control, text).value;
      return read === undefined || optionText(read) === shown ? text : undefined;
    });
  }, [shown, control]);
  const expected = draft === undefined ? undefined : readOption(control, draft).expected;
  const wrong = expected !== undefined;
  return (
    <span className={styles.box} data-wide={control.kind === 'text'}>
      <input
        {...spin}
        id={id}
        aria-describedby={describedBy}
        role={spin ? 'spinbutton' : undefined}
        className={styles.input}
        inputMode={spin ? 'decimal' : undefined}
        autoComplete="off"
        spellCheck={false}
        value={draft ?? shown}
        aria-invalid={wrong}
        title={wrong ? `Expects ${expected}.` : undefined}
        onChange={(event) => {
          setDraft(event.target.value);
          const read = readOption(control, event.target.value);
          if (read.value !== undefined) onChange(read.value);
        }}
        onKeyDown={(event) => {
          const direction = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0;
          if (!direction || !stepped) return;
          event.preventDefault();
          setDraft(undefined);
          onChange(stepped(direction));
        }}
        onBlur={() => setDraft(undefined)}
      />
      {control.kind === 'number' && control.unit && <span className={styles.suffix}>{control.unit}</span>}
      {wrong && (
        <span className={styles.expects} role="alert">
          Expects {expected}.
        </span>
      )}
    </span>
  );
}
