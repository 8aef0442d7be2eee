/** Option values as people write them in links, after --set and in the form: 'on', '.2', '3,4,6,3'. */
import type { OptionControl, OptionValue } from '../catalog/define';

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SWITCH: Record<string, boolean> = { on: true, true: true, off: false, false: false };

/** 'on' or 'off' (also true, false) as a boolean; undefined for anything else. */
export const parseSwitch = (text: string): boolean | undefined =>
  Object.hasOwn(SWITCH, text) ? SWITCH[text] : undefined;

/** A plain decimal number, with or without spaces around it; undefined for anything else ('', '0x1', 'Infinity', '1e999'). */
export function parseNumber(text: string): number | undefined {
  const value = NUMBER.test(text.trim()) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** What a text means for an option, or why it means nothing: what the option takes, as in 'a number from 0 to 1'. */
export type Reading = { value: OptionValue; expected?: never } | { expected: string; value?: never };

const within = (value: number | undefined, { min, max }: { min: number; max: number }, integer: boolean) =>
  value !== undefined && value >= min && value <= max && (!integer || Number.isInteger(value)) ? value : undefined;

function understood(control: OptionControl, text: string): OptionValue | undefined {
  switch (control.kind) {
    case 'number':
      return within(parseNumber(text), control, control.integer);
    case 'boolean':
      return parseSwitch(text);
    case 'choice':
      return control.choices.includes(text) ? text : undefined;
    case 'text':
    case 'checkpoint':
      return text.length <= control.maxLength ? text : undefined;
    case 'numbers': {
      const values = text.split(',').map((part) => within(parseNumber(part), control, true));
      return values.length === control.length && values.every((value) => value !== undefined) ? values : undefined;
    }
    default:
      return control satisfies never;
  }
}

/** The one reading of an option's text, for links, --set and the form alike. */
export function readOption(control: OptionControl, text: string): Reading {
  const value = understood(control, text);
  return value === undefined ? { expected: expectation(control) } : { value };
}

/** The text that readOption reads back to the same value. */
export function optionText(value: OptionValue): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** What an option takes, to be said after 'must be' or 'expects': 'a number from 0 to 1'. */
export function expectation(control: OptionControl): string {
  switch (control.kind) {
    case 'number':
      return `a ${control.integer ? 'whole ' : ''}number from ${control.min} to ${control.max}`;
    case 'boolean':
      return 'on or off';
    case 'choice':
      return `one of ${control.choices.join(', ')}`;
    case 'text':
    case 'checkpoint':
      return `a text of at most ${control.maxLength} characters`;
    case 'numbers':
      return `${control.length} whole numbers from ${control.min} to ${control.max} with commas between`;
    default:
      return control satisfies never;
  }
}
