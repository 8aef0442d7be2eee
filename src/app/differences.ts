import { diffExperiments } from '../experiment/diff';
import type { Experiment } from '../experiment/schema';

/** What changed from a to b, one entry per change; empty if nothing did. */
export const differences = (a: Experiment, b: Experiment) =>
  diffExperiments(a, b).map((change) => change.replaceAll('->', '→').replace(/^- /, '− '));

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
