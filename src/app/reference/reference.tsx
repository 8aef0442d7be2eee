import { memo, useId, useMemo, useState } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { formatPoints, formatShare } from '../../core/format';
import { mean } from '../../core/stats';
import { presets } from '../../experiment/presets';
import { type PublishedRow, type PublishedTable, publishedTables } from '../../experiment/published';
import { gainOver, type OwnSetting, ownSettings, type SeedResults } from '../../runs/reference';
import { useActions, useLab } from '../use-lab';
import styles from './reference.module.css';

const presetOf = new Map(presets.map((preset) => [preset.id, preset]));

/** The experiments of a table's rows. */
const rowsOf = ({ rows }: PublishedTable) =>
  new Map(
    rows.flatMap(({ preset }) => {
      const found = presetOf.get(preset);
      return found ? [[found.id, found.experiment] as const] : [];
    }),
  );

/** Per cent as published: two decimals, or the three that the source has. */
const formatPublished = (value: number) =>
  `${value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 3 })} %`;

/** Published tables, and one's own runs of the same rows beside them. */
export function Reference() {
  // Runs count when they have finished: a run in progress changes nothing here.
  const finished = useLab(useShallow(({ runs }) => runs.filter(({ state }) => state === 'finished')));
  const tables = useMemo(
    () => publishedTables.map((table) => ({ table, settings: ownSettings(finished, rowsOf(table)) })),
    [finished],
  );
  return (
    <div className={styles.reference}>
      <p className={styles.lead}>
        What others measured, with its source, and your own runs of the same rows beside it. Load a row, press Train; a
        run counts for it whatever its seed, dataset, image size, width and length, and gains are counted only between
        runs that share these. Several seeds of a row make a mean.
      </p>
      {tables.map(({ table, settings }) => (
        <Table key={table.id} table={table} settings={settings} />
      ))}
    </div>
  );
}

const Table = memo(function Table({ table, settings }: { table: PublishedTable; settings: readonly OwnSetting[] }) {
  const id = useId();
  const [chosen, setChosen] = useState('');
  const setting = settings.find(({ key }) => key === chosen) ?? settings[0];
  const [baseline] = table.rows;
  const ownBaseline = setting?.results.get(baseline?.preset ?? '');
  return (
    <section className={styles.section} aria-labelledby={id}>
      <h3 id={id} className={styles.heading}>
        {table.title}
      </h3>
      <p className={styles.soft}>
        {table.setting}{' '}
        <a href={table.source.url} target="_blank" rel="noreferrer">
          {table.source.title}
        </a>
      </p>
      {setting && (
        <p className={styles.own}>
          <label htmlFor={`${id}-own`}>Your runs on</label>
          <select
            id={`${id}-own`}
            className={styles.select}
            value={setting.key}
            onChange={(event) => setChosen(event.target.value)}
          >
            {settings.map(({ key, words }) => (
              <option key={key} value={key}>
                {words}
              </option>
            ))}
          </select>
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must take the focus */}
      <section className={styles.frame} aria-label={`Table: ${table.title}`} tabIndex={0}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Row</th>
              <th scope="col" data-number title="Published, per cent">
                Top-1
              </th>
              <th scope="col" data-number title="Percentage points over the first row">
                Gain
              </th>
              <th scope="col" data-number data-own>
                Yours
              </th>
              <th scope="col" data-number data-own title="Over your runs of the first row; 95 % interval over seeds">
                Your gain
              </th>
              <th scope="col">
                <span className="visually-hidden">Load</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row) => (
              <Row
                key={row.label}
                table={table}
                row={row}
                results={setting?.results.get(row.preset)}
                baseline={ownBaseline}
              />
            ))}
          </tbody>
        </table>
      </section>
      <ul className={styles.notes}>
        {table.comparable.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </section>
  );
});

interface RowProps {
  table: PublishedTable;
  row: PublishedRow;
  results: SeedResults | undefined;
  baseline: SeedResults | undefined;
}

function Row({ table, row, results, baseline }: RowProps) {
  const { change } = useActions();
  const [first] = table.rows;
  const preset = presetOf.get(row.preset);
  const gain = row === first ? undefined : gainOver(baseline, results);
  return (
    <tr>
      <th scope="row">
        {row.label} {row.note && <span className={styles.soft}>{row.note}</span>}
      </th>
      <td data-number>
        {formatPublished(row.top1)}
        {row.top5 !== undefined && <span className={styles.soft}> / {formatPublished(row.top5)}</span>}
      </td>
      <td data-number>{row === first || !first ? '–' : formatPoints(row.top1 - first.top1)}</td>
      <td data-number data-own>
        {results ? (
          <>
            {formatShare(mean([...results.values()]))}{' '}
            <span className={styles.soft}>
              {results.size} {results.size === 1 ? 'seed' : 'seeds'}
            </span>
          </>
        ) : (
          '–'
        )}
      </td>
      <td data-number data-own>
        {gain ? formatPoints(gain.mean * 100) : '–'}
        {gain && gain.n > 1 && (
          <span className={styles.soft}>
            {' '}
            {formatPoints(gain.low * 100)} to {formatPoints(gain.high * 100)}
          </span>
        )}
      </td>
      <td>
        {preset && (
          <button
            type="button"
            className={styles.load}
            title={preset.summary}
            aria-label={`Load ${table.title}: ${row.label}`}
            onClick={() => change(preset.experiment, `preset ${preset.id}`)}
          >
            Load
          </button>
        )}
      </td>
    </tr>
  );
}
