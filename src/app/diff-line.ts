import { diffExperiments } from '../experiment/diff';
import type { Experiment } from '../experiment/schema';

/** What changed from a to b, in one line; '' if nothing did. */
export const diffLine = (a: Experiment, b: Experiment) => diffExperiments(a, b).join(' · ').replaceAll('->', '→');
