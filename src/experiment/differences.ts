/** The differences between experiments for a person, one line per change. */
import type { OptionValue, OptionValues, Part } from '../catalog/define';
import { findPart } from '../catalog/parts';
import { type Change, changesBetween } from './changes';
import { optionText } from './option-text';
import { controlsOf, type Experiment, isChosen } from './schema';

/** '0.1' -> '.1': numbers read shorter without the zero. */
const short = (value: OptionValue) => optionText(value).replace(/(^|,)0\./g, '$1.');
const arrow = (before: string, after: string) => `${before || 'none'} → ${after || 'none'}`;
const lower = (label: string) => (/^[A-Z][a-z]/.test(label) ? label[0]?.toLowerCase() + label.slice(1) : label);

/** The option that is said with a trick's label: the one that it names, or its only one. */
function leadingOption({ leading, options }: Part): string | undefined {
  const names = Object.keys(options.shape);
  return leading ?? (names.length === 1 ? names[0] : undefined);
}

function switchedOn(part: Part, values: OptionValues | undefined): string {
  const value = values?.[leadingOption(part) ?? ''];
  return ['+', lower(part.label), ...(value === undefined ? [] : [short(value)])].join(' ');
}

/** A change in words; undefined if it has no influence, or another line says it. */
function inWords(change: Change, a: Experiment, b: Experiment): string | undefined {
  const { key, before, after } = change;
  switch (change.kind) {
    case 'seed':
      return `seed ${arrow(short(before), short(after))}`;
    case 'choice': {
      const label = (id: OptionValue) => findPart(String(id))?.part.label ?? String(id);
      return `${key} ${arrow(label(before), label(after))}`;
    }
    case 'switch': {
      const { part } = change.entry;
      return after === true ? switchedOn(part, b.options[part.id]) : `− ${lower(part.label)}`;
    }
    case 'option': {
      const { part, kind } = change.entry;
      const trick = kind === 'trick';
      if (!isChosen(b, part.id)) return undefined;
      if (trick && !isChosen(a, part.id) && change.option === leadingOption(part)) return undefined;
      const label = controlsOf(part).get(change.option)?.label ?? change.option;
      return `${trick ? `${lower(part.label)}: ` : ''}${lower(label)} ${arrow(short(before), short(after))}`;
    }
    default:
      return change satisfies never;
  }
}

/**
 * What changed from a to b: '+ label smoothing .1', '− mixup', 'learning rate .1 → .05', 'model ResNet-50 → CMT-tiny'.
 * Options of what b does not use are left out: they have no influence. Empty if the runs are the same.
 */
export function differences(a: Experiment, b: Experiment): string[] {
  const changes = changesBetween(a, b);
  // The seed says least, so it comes last.
  const ordered = [...changes.filter(({ kind }) => kind !== 'seed'), ...changes.filter(({ kind }) => kind === 'seed')];
  return ordered.flatMap((change) => inWords(change, a, b) ?? []);
}

export interface Distinctions {
  /** How all of the experiments differ from the base. */
  common: string[];
  /** How each differs from the base besides. */
  own: string[][];
}

/** What sets several experiments apart, against a base that they may all differ from in the same way. */
export function distinctions(experiments: readonly Experiment[], base: Experiment): Distinctions {
  const all = experiments.map((experiment) => differences(base, experiment));
  const common = all.length > 1 ? (all[0] ?? []).filter((change) => all.every((one) => one.includes(change))) : [];
  return { common, own: all.map((changes) => changes.filter((change) => !common.includes(change))) };
}
