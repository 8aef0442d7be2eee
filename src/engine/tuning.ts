/** The tuner's memory: what was measured on this adapter in earlier sessions. */
import type { AdapterSummary } from '../core/results';
import { tuner } from './gpu/tuner';
import { keepChoices, readChoices } from './gpu/tuner-store';
import { kernelVersion } from './kernels/conv';

let key = '';

/** Recalls the choices for an adapter; call once the backend is open. */
export async function recallTuning({ vendor, architecture, description }: AdapterSummary): Promise<void> {
  key = [vendor, architecture, description, kernelVersion].join(' ');
  tuner().recall(await readChoices(key));
}

/** Keeps the choices made so far. */
export const keepTuning = (): Promise<void> => keepChoices(key, tuner().chosen());
