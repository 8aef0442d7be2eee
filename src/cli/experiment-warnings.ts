/** What an experiment allows and rarely wants, said beside the result of a command that makes use of it. */
import type { Experiment } from '../experiment/schema';
import { warningsOf } from '../experiment/warnings';
import type { Say } from './declaration';
import { orFailure } from './failure';

/** A line for each warning. Throws a Failure if the experiment cannot be planned at all. */
export function sayWarnings(experiment: Experiment, say: Say): void {
  for (const { part, message } of orFailure(() => warningsOf(experiment))) say(`Warning, ${part}: ${message}`);
}
