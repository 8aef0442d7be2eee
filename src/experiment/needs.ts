/** What an experiment asks of the device that not every device has. */
import type { Trick } from '../catalog/define';
import { activeTricks } from '../catalog/tricks';
import type { Experiment } from './schema';

/** Why a trick can't be had on a device with these WebGPU features, for a person; undefined if it can. */
export const unmetNeed = ({ needs }: Trick, features: readonly string[]): string | undefined =>
  needs && !features.includes(needs.feature) ? needs.otherwise : undefined;

/** Why an experiment can't run on a device with these WebGPU features: a sentence for each trick that it would have to do without. */
export function unmetNeeds(experiment: Experiment, features: readonly string[]): string[] {
  return activeTricks(experiment).flatMap(({ trick }) => {
    // Plain tfjs ops know f32 and nothing else.
    if (trick.needs && experiment.engine === 'reference') return [`${trick.label} needs Tricklab's own engine.`];
    return unmetNeed(trick, features) ?? [];
  });
}
