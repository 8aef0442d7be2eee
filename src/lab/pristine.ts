import { defaultExperiment, type Experiment } from '../experiment/schema';

/** What 'changed' and 'reset' refer to. */
export const pristine: Experiment = defaultExperiment();
