import { useId, useState } from 'react';
import { useLab } from '../use-lab';
import styles from './benchmark.module.css';
import { type Benchmark, type OfferedWorkload, offeredWorkloads, toBenchmarkLink, workloadNames } from './result';
import { useBenchmark } from './use-benchmark';
import { columnNames, rowsOf, toJson, toMarkdown, toText } from './words';

/** Tricklab beside stock TensorFlow.js, measured on the visitor's device, and beside the numbers of whoever sent a link. */
export function BenchmarkPanel() {
  const { doing, problem, own, shared } = useBenchmark();
  return (
    <section className={styles.benchmark} aria-label="Benchmark">
      <h3 className={styles.heading}>Beside stock TensorFlow.js</h3>
      <p className={styles.soft}>
        The same network, from the same weights, over the same batch: Tricklab's engine and TensorFlow.js's own layers,
        in turn.
      </p>
      <Controls />
      <p className={styles.doing} role="status">
        {doing}
      </p>
      {problem && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      <div className={styles.results}>
        {own && (
          <div>
            <Result whose="This device" result={own} />
            <Share result={own} />
          </div>
        )}
        {shared && (
          <div>
            <Result whose="From the link" result={shared} />
            {!own && <p className={styles.soft}>Run the benchmark to see the numbers of this device beside these.</p>}
          </div>
        )}
      </div>
      {(own ?? shared) && (
        <p className={styles.soft}>
          Of matrix rate: the step's multiplications and additions a second, as a share of the best plain matrix product
          on the same device.
        </p>
      )}
    </section>
  );
}

const choices: Record<string, readonly OfferedWorkload[]> = {
  ...Object.fromEntries(offeredWorkloads.map((id) => [workloadNames[id], [id]])),
  Both: offeredWorkloads,
};

function Controls() {
  const id = useId();
  const [choice, setChoice] = useState('Both');
  const { doing, start, cancel } = useBenchmark();
  const why = useLab(({ active, adapter }) =>
    active
      ? 'A run is in progress: both would slow each other down.'
      : adapter && adapter.backend !== 'webgpu'
        ? 'It needs WebGPU.'
        : '',
  );
  return (
    <div className={styles.bar}>
      <label htmlFor={id}>Train</label>
      <select id={id} value={choice} disabled={doing !== undefined} onChange={(event) => setChoice(event.target.value)}>
        {Object.keys(choices).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {doing === undefined ? (
        <button
          type="button"
          className={styles.button}
          disabled={why !== ''}
          onClick={() => start(choices[choice] ?? offeredWorkloads)}
        >
          Run the benchmark
        </button>
      ) : (
        <button type="button" className={styles.button} onClick={() => cancel()}>
          Cancel
        </button>
      )}
      <span className={styles.soft}>{why || 'Seconds on a GPU, a minute or two without one.'}</span>
    </div>
  );
}

function Result({ whose, result }: { whose: string; result: Benchmark }) {
  return (
    <table className={styles.table}>
      <caption>
        {whose} <span className={styles.soft}>{result.adapter}</span>
      </caption>
      <thead>
        <tr>
          <th scope="col">A training step</th>
          {columnNames.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rowsOf(result).map(({ name, cells }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {columnNames.map((column, i) => (
              <td key={column}>{cells[i]}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const forms = {
  Link: (result: Benchmark) => `${location.origin}${location.pathname}?${toBenchmarkLink(result)}`,
  Text: toText,
  Markdown: toMarkdown,
  JSON: toJson,
};

/** Copies a result; where the browser lets nobody copy, shows it. */
function Share({ result }: { result: Benchmark }) {
  const [answer, setAnswer] = useState('');
  const [shown, setShown] = useState('');
  const copy = async (name: string, text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      setShown('');
      setAnswer(`${name} copied`);
      setTimeout(() => setAnswer(''), 2500);
    } catch {
      setShown(text);
    }
  };
  return (
    <>
      <div className={styles.bar}>
        <span className={styles.soft}>Copy as</span>
        {Object.entries(forms).map(([name, form]) => (
          <button key={name} type="button" className={styles.button} onClick={() => void copy(name, form(result))}>
            {name}
          </button>
        ))}
        <span className={styles.soft} role="status">
          {answer}
        </span>
      </div>
      {shown && <textarea className={styles.shown} aria-label="Copy this" readOnly rows={6} value={shown} />}
    </>
  );
}
