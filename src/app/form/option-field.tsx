import { Switch } from '@mantine/core';
import { useEffect, useId, useState } from 'react';
import type { OptionControl, OptionValue } from '../../catalog/define';
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

function Input({ id, describedBy, control, value, onChange }: InputProps) {
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
      return <NumberInput {...common} control={control} value={Number(value)} onChange={onChange} />;
    case 'numbers':
      return (
        <DraftInput
          {...common}
          shown={Array.isArray(value) ? value.join(',') : ''}
          read={(text) => {
            const parts = text.split(',').map((part) => Number(part.trim() || Number.NaN));
            const right = (n: number) => Number.isInteger(n) && n >= control.min && n <= control.max;
            return parts.length === control.length && parts.every(right) ? parts : undefined;
          }}
          expected={`${control.length} whole numbers from ${control.min} to ${control.max}, with commas`}
          onChange={onChange}
        />
      );
    case 'text':
      return (
        <DraftInput
          {...common}
          wide
          shown={String(value)}
          read={(text) => (text.length <= control.maxLength ? text : undefined)}
          expected={`at most ${control.maxLength} characters`}
          onChange={onChange}
        />
      );
    case 'checkpoint':
      return <CheckpointField {...common} value={String(value)} onChange={onChange} />;
    default:
      return control satisfies never;
  }
}

interface NumberInputProps {
  id: string;
  control: Extract<OptionControl, { kind: 'number' }>;
  value: number;
  onChange: (value: number) => void;
}

function NumberInput({ control, value, onChange, ...common }: NumberInputProps) {
  const { min, max, integer, step } = control;
  return (
    <DraftInput
      {...common}
      {...(control.unit ? { unit: control.unit } : {})}
      shown={String(value)}
      read={(text) => {
        const number = Number(text.trim() || Number.NaN);
        return number >= min && number <= max && (!integer || Number.isInteger(number)) ? number : undefined;
      }}
      expected={`${integer ? 'a whole number' : 'a number'} from ${min} to ${max}`}
      onChange={onChange}
      stepped={(direction) => Number(Math.min(max, Math.max(min, value + direction * step)).toPrecision(12))}
      spin={{ 'aria-valuemin': min, 'aria-valuemax': max, 'aria-valuenow': value }}
    />
  );
}

interface DraftProps<T> {
  id: string;
  shown: string;
  /** The value of a text, undefined while it is not one. */
  read: (text: string) => T | undefined;
  expected: string;
  onChange: (value: T) => void;
  /** The value one step up (1) or down (-1), for the arrow keys. */
  stepped?: (direction: number) => T;
  spin?: { 'aria-valuemin': number; 'aria-valuemax': number; 'aria-valuenow': number };
  unit?: string;
  wide?: boolean;
}

/** A text box that may hold something unfinished: every right value is taken at once, a wrong one is marked and given up on leaving. */
function DraftInput<T>({ id, shown, read, expected, onChange, stepped, spin, unit, wide, ...rest }: DraftProps<T>) {
  const [draft, setDraft] = useState<string>();
  // A value that changes from outside (back, reset, preset) wins over what was typed.
  useEffect(() => {
    setDraft((text) => {
      const value = text === undefined ? undefined : read(text);
      return value === undefined || String(value) === shown ? text : undefined;
    });
  }, [shown, read]);
  const wrong = draft !== undefined && read(draft) === undefined;
  return (
    <span className={styles.box} data-wide={wide}>
      <input
        {...rest}
        {...spin}
        id={id}
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
          const value = read(event.target.value);
          if (value !== undefined) onChange(value);
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
      {unit && <span className={styles.suffix}>{unit}</span>}
      {wrong && (
        <span className={styles.expects} role="alert">
          Expects {expected}.
        </span>
      )}
    </span>
  );
}
