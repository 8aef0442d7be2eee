/** How a person likes the page; kept as text, read with suspicion. */
import { z } from 'zod';
import type { Axis } from '../runs/rows';

export interface Preferences {
  axis: Axis;
  /** Weight of the past in the moving average, [0, 1). */
  smoothing: number;
  logLoss: boolean;
  /** Id of a tab; one that there is not (any more) stands for the first. */
  tab: string;
}

const defaults: Preferences = { axis: 'step', smoothing: 0.6, logLoss: false, tab: 'runs' };

const VERSION = 1;

const axes = ['step', 'epoch', 'images', 'time'] as const satisfies Axis[];

const fields = {
  axis: z.enum(axes),
  smoothing: z.number().min(0).max(0.99),
  logLoss: z.boolean(),
  tab: z.string().max(40),
} satisfies Record<keyof Preferences, z.ZodType>;

/** What each is called on the page. */
const names = {
  axis: 'the axis of the charts',
  smoothing: 'the smoothing of the curves',
  logLoss: 'the scale of the loss',
  tab: 'the open tab',
} satisfies Record<keyof Preferences, string>;

export interface ReadPreferences {
  preferences: Preferences;
  /** Those that were there and could not be read, as a person calls them. */
  damaged: string[];
}

function stateIn(text: string): object | undefined {
  try {
    const { state } = JSON.parse(text) as { state?: unknown };
    return typeof state === 'object' && state !== null && !Array.isArray(state) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** The preferences in a text: each one that is right, the default for every other. */
export function readPreferences(text: string | undefined): ReadPreferences {
  if (text === undefined) return { preferences: defaults, damaged: [] };
  const state = stateIn(text);
  if (!state) return { preferences: defaults, damaged: Object.values(names) };
  let preferences = defaults;
  const damaged: string[] = [];
  for (const name of Object.keys(fields) as (keyof Preferences)[]) {
    const value = (state as Partial<Record<keyof Preferences, unknown>>)[name];
    // One that an earlier version did not have.
    if (value === undefined) continue;
    const { success, data } = fields[name].safeParse(value);
    if (success) preferences = { ...preferences, [name]: data };
    else damaged.push(names[name]);
  }
  return { preferences, damaged };
}

export const preferencesText = (state: Preferences): string => JSON.stringify({ state, version: VERSION });
