import { useRef, useState } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { messageOf } from '../../core/message';
import { checkpointWords } from '../../lab/weights';
import { Icon } from '../icons';
import { useActions, useLab } from '../use-lab';
import styles from './form.module.css';

interface CheckpointFieldProps {
  id: string;
  'aria-describedby'?: string | undefined;
  /** '' for none. */
  value: string;
  onChange: (id: string) => void;
}

/** A choice among the weights that this browser keeps, and a way to bring more. */
export function CheckpointField({ value, onChange, ...common }: CheckpointFieldProps) {
  const checkpoints = useLab((state) => state.checkpoints);
  // A run may have been renamed since.
  const names = useLab(useShallow(({ runs }) => Object.fromEntries(runs.map(({ id, name }) => [id, name]))));
  const { removeWeights } = useActions();
  const chosen = checkpoints.find(({ id }) => id === value);
  const empty = checkpoints.length === 0 ? 'none kept yet: train a run first' : 'none chosen';
  return (
    <span className={styles.box} data-wide>
      <select
        {...common}
        className={styles.input}
        value={value}
        aria-invalid={value !== '' && !chosen}
        onChange={(event) => onChange(event.target.value)}
      >
        <option value="">{empty}</option>
        {value !== '' && !chosen && <option value={value}>{value}: not in this browser</option>}
        {checkpoints.map((checkpoint) => (
          <option key={checkpoint.id} value={checkpoint.id}>
            {checkpointWords(checkpoint, names[checkpoint.id] ?? checkpoint.name)}
          </option>
        ))}
      </select>
      <span className={styles.bring}>
        <Import onImport={onChange} />
        {chosen?.source === 'file' && (
          <button
            type="button"
            className={styles.iconButton}
            aria-label={`Delete the weights ${chosen.name}`}
            title={`Delete the weights ${chosen.name}`}
            onClick={() => {
              onChange('');
              void removeWeights(chosen.id);
            }}
          >
            <Icon name="bin" />
          </button>
        )}
      </span>
    </span>
  );
}

/** Takes a safetensors file; says what is wrong with one that it can't take. */
function Import({ onImport }: { onImport: (id: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const { importWeights } = useActions();
  const [problem, setProblem] = useState('');
  const take = async (file: File) => {
    setProblem('');
    try {
      onImport(await importWeights(file));
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        accept=".safetensors"
        hidden
        aria-label="Weights file"
        onChange={(event) => {
          const file = event.target.files?.[0];
          // The same file again is a change too: it may be another by then.
          event.target.value = '';
          if (file) void take(file);
        }}
      />
      <button
        type="button"
        className={styles.importButton}
        title="A safetensors file with timm's names: one that was downloaded here, or one that fits the model on this form"
        onClick={() => input.current?.click()}
      >
        Import a file
      </button>
      {problem && (
        <span className={styles.expects} role="alert">
          {problem}
        </span>
      )}
    </>
  );
}
