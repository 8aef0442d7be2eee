import { estimateSeconds } from '../experiment/estimate';
import { presets } from '../experiment/presets';
import { toLink } from '../experiment/url';
import { pristine, useExperiment, useRuns } from './state';

/** Longer than this, and nobody waits to see what a trick does. */
const PATIENCE_SECONDS = 20 * 60;

/** Chooses a smaller experiment on a slow device, once it is measured; never touches settings that came from a link or a person. */
export function sizeToDevice(flops: number): void {
  const { experiment } = useExperiment.getState();
  if (location.search !== '' || toLink(experiment) !== toLink(pristine) || useRuns.getState().active) return;
  const tiny = presets.find(({ id }) => id === 'tiny');
  if (tiny && estimateSeconds(pristine, flops) > PATIENCE_SECONDS) {
    // Not a step of history: nobody took it.
    history.replaceState(null, '', `?${toLink(tiny.experiment)}`);
    useExperiment.setState({ experiment: tiny.experiment });
  }
  useRuns.setState({ sized: true });
}
