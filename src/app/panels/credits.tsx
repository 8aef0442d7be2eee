import { datasets } from '../../catalog/datasets';
import styles from './panels.module.css';

/** Whose data and type the page is made of, and under which licences. */
export function Credits() {
  return (
    <>
      <dl className={styles.credits}>
        {datasets.map(({ id, label, summary, credit, license, paper }) => (
          <div key={id}>
            <dt>
              {label}
              {paper && (
                <a href={paper.url} target="_blank" rel="noreferrer">
                  {paper.title}
                </a>
              )}
            </dt>
            <dd>{summary}</dd>
            <dd>{credit}.</dd>
            <dd>Licence: {license}.</dd>
          </div>
        ))}
        <div>
          <dt>Typeface</dt>
          <dd>Inter by Rasmus Andersson. Licence: SIL Open Font License 1.1.</dd>
        </div>
      </dl>
      <p className={styles.fine}>
        The built-in datasets are repacked into shards when Tricklab is set up. Your runs and settings stay in this
        browser.
      </p>
    </>
  );
}
