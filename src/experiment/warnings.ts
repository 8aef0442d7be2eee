/** What an experiment allows and rarely wants: each part's own warnings, to show beside it. */
import type { Part, Surroundings } from '../catalog/define';
import { allParts, datasetOf, modelOf } from '../catalog/parts';
import { activeTricks } from '../catalog/tricks';
import { expectedFacts, planTraining } from './plan';
import { type Experiment, isChosen } from './schema';

export interface Warning {
  /** Id of the part to show it at. */
  part: string;
  message: string;
}

/** The run that the experiment's parts find themselves in, as planned before its dataset is read. */
export function surroundingsOf(experiment: Experiment): Surroundings {
  const facts = expectedFacts(experiment);
  const { lossPlan, optimizerPlan, ...plan } = planTraining(experiment, facts);
  return {
    ...plan,
    trainImages: facts.trainImages,
    dataset: datasetOf(experiment.dataset),
    model: modelOf(experiment.model),
    loss: lossPlan,
    optimizer: optimizerPlan,
    mixing: activeTricks(experiment).some(({ trick }) => trick.batch),
  };
}

/** The warnings of an experiment, in the order of the pipeline; empty if there are none. */
export function warningsOf(experiment: Experiment): Warning[] {
  const run = surroundingsOf(experiment);
  const saidBy = (part: Part) => part.warn?.(experiment.options[part.id] ?? {}, run) ?? [];
  return allParts()
    .filter(({ part }) => isChosen(experiment, part.id))
    .flatMap(({ part }) => saidBy(part).map((message) => ({ part: part.id, message })));
}
