/** The tuner's memory: what was measured on this adapter in earlier sessions. */
import type { AdapterSummary } from '../core/results';
import { hashName } from '../core/rng';
import { gpu } from './gpu/dispatch';
import { keepChoices, readChoices } from './gpu/tuner-store';
import { ops } from './ops';

/** Changes when the kernels do: what was measured of others is worth nothing. */
const kernelVersion = hashName(ops.flatMap(({ tuned = [] }) => tuned.map(({ body }) => body)).join());

let key = '';

/** Recalls the choices for an adapter; call once the backend is open. */
export async function recallTuning({ vendor, architecture, description }: AdapterSummary): Promise<void> {
  key = [vendor, architecture, description, kernelVersion].join(' ');
  gpu().tuner.recall(await readChoices(key));
}

/** Keeps the choices made so far. */
export const keepTuning = (): Promise<void> => keepChoices(key, gpu().tuner.chosen());
