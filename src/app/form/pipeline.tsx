import { useDeferredValue, useId, useMemo, useState } from 'react';
import type { Part, Stage } from '../../catalog/define';
import { dataPart, datasetOf, findPart, stopPart } from '../../catalog/parts';
import { tricks } from '../../catalog/tricks';
import { changedKeys } from '../../experiment/changes';
import { type Choice, choices, type Experiment, MAX_SEED } from '../../experiment/schema';
import { warningsOf } from '../../experiment/warnings';
import { pristine } from '../../lab/pristine';
import { Icon } from '../icons';
import { useActions, useLab } from '../use-lab';
import styles from './form.module.css';
import { OptionField } from './option-field';
import { Options, ResetButton, Summary, TrickBlock, Warnings } from './part-block';
import { PresetField } from './preset-field';

interface Section {
  stage: Stage;
  title: string;
  choice?: Choice;
  general?: Part;
}

/** What happens to an image, top to bottom. */
const sections: readonly Section[] = [
  { stage: 'data', title: 'Data', choice: 'dataset', general: dataPart },
  { stage: 'model', title: 'Model', choice: 'model' },
  { stage: 'augmentation', title: 'Augmentation' },
  { stage: 'mixing', title: 'Mixing' },
  { stage: 'loss', title: 'Loss' },
  { stage: 'optimizer', title: 'Optimizer', choice: 'optimizer' },
  { stage: 'schedule', title: 'Schedule', choice: 'schedule' },
  { stage: 'scale', title: 'Scale' },
  { stage: 'stop', title: 'Stop', general: stopPart },
];

const none: readonly string[] = [];

const matches = (part: Part, query: string) =>
  [part.label, part.id, part.summary, ...Object.keys(part.options.shape)].join(' ').toLowerCase().includes(query);

function warningsByPart(experiment: Experiment): Map<string, string[]> {
  const byPart = new Map<string, string[]>();
  for (const { part, message } of warningsOf(experiment)) byPart.set(part, [...(byPart.get(part) ?? []), message]);
  return byPart;
}

/** How many settings of each stage differ from the default. */
function changesOf(experiment: Experiment): Map<Stage, number> {
  const counts = new Map<Stage, number>();
  for (const key of Object.keys(changedKeys(experiment, pristine))) {
    const stage = sections.find(({ choice }) => choice === key)?.stage ?? findPart(key.split('.')[0] ?? '')?.stage;
    // The seed stands in the last section.
    counts.set(stage ?? 'stop', (counts.get(stage ?? 'stop') ?? 0) + 1);
  }
  return counts;
}

/** The experiment as a form: every control is generated from the catalog. */
export function Pipeline() {
  const [search, setSearch] = useState('');
  const experiment = useLab((state) => state.experiment);
  const deferred = useDeferredValue(experiment);
  const warnings = useMemo(() => warningsByPart(deferred), [deferred]);
  const changes = useMemo(() => changesOf(deferred), [deferred]);
  const query = search.trim().toLowerCase();
  const shown = sections.flatMap((section) => {
    const parts = tricks.filter(({ stage }) => stage === section.stage);
    const own = [...(section.choice ? choices[section.choice] : []), ...(section.general ? [section.general] : [])];
    const hit = query === '' || section.title.toLowerCase().includes(query);
    const found = hit ? parts : parts.filter((part) => matches(part, query));
    const ownShown = hit || own.some((part) => matches(part, query));
    return found.length || (ownShown && own.length) ? [{ section, found, ownShown }] : [];
  });
  return (
    <form className={styles.pipeline} aria-label="Experiment" onSubmit={(event) => event.preventDefault()}>
      <div className={styles.top}>
        <PresetField />
        <label className={styles.search}>
          <Icon name="search" />
          <span className="visually-hidden">Search settings</span>
          <input
            type="search"
            placeholder="Search settings"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
      </div>
      {shown.map(({ section, found, ownShown }) => (
        <section
          key={section.stage}
          className={styles.section}
          data-changed={changes.has(section.stage)}
          aria-labelledby={`section-${section.stage}`}
        >
          <div className={styles.sectionHead}>
            <h2 id={`section-${section.stage}`} className={styles.sectionTitle}>
              {section.title}
            </h2>
            {changes.has(section.stage) && <span>{changes.get(section.stage)} changed</span>}
          </div>
          {ownShown && section.choice && (
            <ChoiceBlock choice={section.choice} title={section.title} warnings={warnings} />
          )}
          {ownShown && section.general && (
            <>
              <Options part={section.general} />
              <Warnings messages={warnings.get(section.general.id) ?? none} />
            </>
          )}
          {ownShown && section.stage === 'stop' && <SeedField />}
          {found.map((part) => (
            <TrickBlock key={part.id} part={part} warnings={warnings.get(part.id) ?? none} />
          ))}
        </section>
      ))}
      {shown.length === 0 && (
        <p className={styles.nothing}>No setting is called that. Try “crop”, “rate” or “epochs”.</p>
      )}
    </form>
  );
}

/** One of several: dataset, model, optimizer, schedule; with the options of the chosen one. */
function ChoiceBlock({ choice, title, warnings }: { choice: Choice; title: string; warnings: Map<string, string[]> }) {
  const id = useId();
  const chosen = useLab(({ experiment }) => experiment[choice]);
  const { choose } = useActions();
  const parts: readonly Part[] = choices[choice];
  const part = parts.find((candidate) => candidate.id === chosen);
  return (
    <>
      <div className={styles.choice} data-changed={chosen !== pristine[choice]}>
        <label htmlFor={id} className="visually-hidden">
          {title === 'Data' ? 'Dataset' : title}
        </label>
        <select
          id={id}
          className={styles.input}
          value={chosen}
          onChange={(event) => choose(choice, event.target.value)}
        >
          {parts.map(({ id: value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        {part && <ResetButton part={part} />}
      </div>
      {part && <Summary part={part} />}
      {choice === 'dataset' && <Credit dataset={chosen} />}
      {part && <Options part={part} />}
      {part && <Warnings messages={warnings.get(part.id) ?? []} />}
    </>
  );
}

/** Whose images they are, and under which licence. */
function Credit({ dataset }: { dataset: string }) {
  const { credit, license } = datasetOf(dataset);
  return (
    <p className={styles.credit}>
      {credit}. Licence: {license}.
    </p>
  );
}

function SeedField() {
  const seed = useLab(({ experiment }) => experiment.seed);
  const { setSeed } = useActions();
  return (
    <OptionField
      control={{
        kind: 'number',
        label: 'Seed',
        help: 'Everything random follows from it: the same seed gives the same run.',
        min: 0,
        max: MAX_SEED,
        step: 1,
        integer: true,
      }}
      value={seed}
      changed={seed !== pristine.seed}
      onChange={(value) => setSeed(Number(value))}
    />
  );
}
