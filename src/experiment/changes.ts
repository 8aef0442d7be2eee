/** What differs between two experiments: the one answer that links, differences in words and the form go by. */
import type { OptionValue } from '../catalog/define';
import { allParts, type PartEntry } from '../catalog/parts';
import { optionText } from './option-text';
import { type Choice, choices, type Experiment } from './schema';

/** One setting, by the flat key of links and forms: 'seed', 'model', 'mixup' or 'mixup.alpha'. */
export type Change = { key: string; before: OptionValue; after: OptionValue } & (
  | { kind: 'seed' }
  | { kind: 'choice'; choice: Choice }
  | { kind: 'switch'; entry: PartEntry }
  | { kind: 'option'; entry: PartEntry; option: string }
);

/**
 * Every setting in which an experiment differs from another, used or not: seed, choices, switches, options, each in the order of
 * the pipeline. An option that either does not know (it was kept by another version) is no change.
 */
export function changesBetween(from: Experiment, to: Experiment): Change[] {
  const changes: Change[] = [];
  const compare = (change: Change) => {
    if (optionText(change.before) !== optionText(change.after)) changes.push(change);
  };
  compare({ kind: 'seed', key: 'seed', before: from.seed, after: to.seed });
  for (const choice of Object.keys(choices) as Choice[]) {
    compare({ kind: 'choice', key: choice, choice, before: from[choice], after: to[choice] });
  }
  for (const entry of allParts()) {
    if (entry.kind !== 'trick') continue;
    const { id } = entry.part;
    compare({ kind: 'switch', key: id, entry, before: from.on[id] ?? false, after: to.on[id] ?? false });
  }
  for (const entry of allParts()) {
    const { id, options } = entry.part;
    for (const option of Object.keys(options.shape)) {
      const before = from.options[id]?.[option];
      const after = to.options[id]?.[option];
      if (before === undefined || after === undefined) continue;
      compare({ kind: 'option', key: `${id}.${option}`, entry, option, before, after });
    }
  }
  return changes;
}

/** The flat keys and texts in which an experiment differs from another. */
export const changedKeys = (experiment: Experiment, from: Experiment): Record<string, string> =>
  Object.fromEntries(changesBetween(from, experiment).map(({ key, after }) => [key, optionText(after)]));
