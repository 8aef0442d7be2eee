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

const shape = z.object({
  axis: z.enum(axes).catch(defaults.axis),
  smoothing: z.number().min(0).max(0.99).catch(defaults.smoothing),
  logLoss: z.boolean().catch(defaults.logLoss),
  tab: z.string().max(40).catch(defaults.tab),
});

/** The preferences in a text: each one that is right, the default for every other. */
export function readPreferences(text: string | undefined): Preferences {
  try {
    const { state } = JSON.parse(text ?? '') as { state?: unknown };
    return shape.parse(typeof state === 'object' && state !== null ? state : {});
  } catch {
    return defaults;
  }
}

export const preferencesText = (state: Preferences): string => JSON.stringify({ state, version: VERSION });
