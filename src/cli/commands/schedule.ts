/** `schedule`: the learning rate of every update. */
import { expectedFacts, planTraining } from '../../experiment/plan';
import { defaultExperiment } from '../../experiment/schema';
import { defineCommand, wholeNumber } from '../define-command';
import { withKeys } from '../experiment-source';
import { sayWarnings } from '../experiment-warnings';
import { orFailure } from '../failure';
import { experimentWord, setOption } from '../shared-options';

export const schedule = defineCommand({
  name: 'schedule',
  summary: 'the learning rate of every update',
  words: { experiment: experimentWord },
  options: { steps: wholeNumber(1, 'only the first N updates'), set: setOption },
  examples: ['preset:modern', 'preset:tiny --steps 10 --set schedule=step --json'],
  run({ experiment: base = defaultExperiment(), steps, set }, output) {
    const experiment = withKeys(base, set);
    sayWarnings(experiment, (line) => output.stderr(`${line}\n`));
    const plan = orFailure(() => planTraining(experiment, expectedFacts(experiment)));
    const updates = Math.min(plan.totalUpdates, steps ?? plan.totalUpdates);
    const lr = Array.from({ length: updates }, (_, update) => plan.lr(update));
    const peak = lr.reduce((a, b) => Math.max(a, b), 0);
    const summary = `${updates.toLocaleString('en')} updates, from ${lr[0]?.toPrecision(3)} over ${peak.toPrecision(3)} to ${lr.at(-1)?.toPrecision(3)}`;
    return { result: { lr }, summary };
  },
});
