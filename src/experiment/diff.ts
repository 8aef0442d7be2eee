/** The difference between two experiments in one line per change, for a person. */
import type { OptionValue } from '../catalog/define';
import { allParts, findPart } from '../catalog/parts';
import { tricks } from '../catalog/tricks';
import { optionText } from './option-text';
import { type Choice, choices, controlsOf, type Experiment } from './schema';

/** '0.1' -> '.1': numbers read shorter without the zero. */
const short = (text: string) => text.replace(/(^|,)0\./g, '$1.');
const shown = (value: OptionValue) => short(optionText(value)) || 'none';
const lower = (label: string) => (/^[A-Z][a-z]/.test(label) ? label[0]?.toLowerCase() + label.slice(1) : label);

function chosen(experiment: Experiment, id: string): boolean {
  const entry = findPart(id);
  if (entry?.kind === 'general') return true;
  if (entry?.kind === 'trick') return experiment.on[id] === true;
  return (Object.keys(choices) as Choice[]).some((key) => experiment[key] === id);
}

/**
 * What changed from a to b: '+ label smoothing .1', '- mixup', 'learning rate .1 -> .05', 'model ResNet-50 -> CMT-Ti'.
 * Options of what neither uses are left out: they have no influence. Empty if the runs are the same.
 */
export function diffExperiments(a: Experiment, b: Experiment): string[] {
  const lines: string[] = [];
  for (const key of Object.keys(choices) as Choice[]) {
    const label = (id: string) => findPart(id)?.part.label ?? id;
    if (a[key] !== b[key]) lines.push(`${key} ${label(a[key])} -> ${label(b[key])}`);
  }
  for (const { id, label } of tricks) {
    if (a.on[id] === b.on[id]) continue;
    const values = Object.values(b.options[id] ?? {}).map((value) => short(optionText(value)));
    lines.push(b.on[id] ? ['+', lower(label), ...(values.length === 1 ? values : [])].join(' ') : `- ${lower(label)}`);
  }
  for (const { part, kind } of allParts()) {
    const used = [chosen(a, part.id), chosen(b, part.id)];
    if (!used[1] || (!used[0] && kind === 'trick' && Object.keys(part.options.shape).length === 1)) continue;
    for (const [name, control] of controlsOf(part)) {
      const before = a.options[part.id]?.[name];
      const after = b.options[part.id]?.[name];
      if (before === undefined || after === undefined || optionText(before) === optionText(after)) continue;
      const owner = kind === 'trick' ? `${lower(part.label)}: ` : '';
      lines.push(`${owner}${lower(control.label)} ${shown(before)} -> ${shown(after)}`);
    }
  }
  if (a.seed !== b.seed) lines.push(`seed ${a.seed} -> ${b.seed}`);
  return lines;
}
