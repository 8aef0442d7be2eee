/** Option values as people write them in links and after --set: 'on', '.2', '3,4,6,3'. */
import type { OptionControl, OptionValue } from '../catalog/define';

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SWITCH: Record<string, boolean> = { on: true, true: true, off: false, false: false };

/** 'on' or 'off' (also true, false) as a boolean; undefined for anything else. */
export const parseSwitch = (text: string): boolean | undefined =>
  Object.hasOwn(SWITCH, text) ? SWITCH[text] : undefined;

/** A plain decimal number; undefined for anything else ('', '0x1', 'Infinity', '1e999'). */
export function parseNumber(text: string): number | undefined {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** The value that a text means for an option, not yet checked against its range; undefined if it means none. */
export function parseOptionText(control: OptionControl, text: string): OptionValue | undefined {
  switch (control.kind) {
    case 'number':
      return parseNumber(text);
    case 'boolean':
      return parseSwitch(text);
    case 'choice':
    case 'text':
    case 'checkpoint':
      return text;
    case 'numbers': {
      const values = text.split(',').map(parseNumber);
      return values.every((value) => value !== undefined) ? values : undefined;
    }
    default:
      return control satisfies never;
  }
}

/** The text that parseOptionText reads back to the same value. */
export function optionText(value: OptionValue): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** What an option takes, as the end of a sentence that begins with its name: 'must be a number from 0 to 1'. */
export function expectation(control: OptionControl): string {
  switch (control.kind) {
    case 'number':
      return `must be a ${control.integer ? 'whole ' : ''}number from ${control.min} to ${control.max}`;
    case 'boolean':
      return 'must be on or off';
    case 'choice':
      return `must be one of ${control.choices.join(', ')}`;
    case 'text':
    case 'checkpoint':
      return `must be a text of at most ${control.maxLength} characters`;
    case 'numbers':
      return `must be ${control.length} whole numbers from ${control.min} to ${control.max} with commas between`;
    default:
      return control satisfies never;
  }
}
