import type { Experiment } from './schema';

/** An experiment to start from. */
export interface Preset {
  id: string;
  label: string;
  /** Where it is from; presets are listed by it. */
  source: string;
  summary: string;
  experiment: Experiment;
}
