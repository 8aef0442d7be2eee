/**
 * What a run IS: choices (one id per kind), switches (tricks on or off) and options (per part id).
 * The one value that links, forms, files, the command line, the trainer and the store share.
 */
import type { OptionValues } from '../catalog/define';

export interface Experiment {
  version: 1;
  /** Everything random follows from it. */
  seed: number;
  dataset: string;
  model: string;
  optimizer: string;
  schedule: string;
  /** Trick id -> on. Holds every trick of the registry. */
  on: Record<string, boolean>;
  /** Part id -> its options, complete: every part of the registry, chosen or not, so that a switch forgets nothing. */
  options: Record<string, OptionValues>;
}
