import { dismiss, type LabStore, notify } from './state';

const count = (n: number, what: string) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;

/** Says what of the store could not be read: runs, with what is wrong with each, and parts of curves. Nothing if all could. */
export function sayUnreadable(store: LabStore, problems: readonly string[], parts: number): void {
  if (problems.length + parts === 0) {
    dismiss(store, 'records');
    return;
  }
  const lines = [
    ...(problems.length ? [`${count(problems.length, 'run')}: ${[...new Set(problems)].slice(0, 5).join('; ')}.`] : []),
    ...(parts
      ? [`${count(parts, 'part')} of curves: the columns are damaged. The rest of these curves is shown.`]
      : []),
  ];
  notify(store, {
    kind: 'records',
    grave: false,
    title: 'Some of what this browser keeps could not be read.',
    message: `It was set aside: it stays stored as it is, and everything else is shown. ${lines.join(' ')}`,
  });
}

/** Says which preferences could not be read, as a person calls them. Nothing if all could. */
export function sayDamaged(store: LabStore, preferences: readonly string[]): void {
  if (preferences.length === 0) return;
  notify(store, {
    kind: 'preferences',
    grave: false,
    title: 'Some preferences could not be read.',
    message: `What this browser kept for ${preferences.join(', ')} was damaged: the default was taken in its place. The others are as they were.`,
  });
}
