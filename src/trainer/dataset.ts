/** Where the data of an experiment lies, seen from this worker. */
import type { DataPlace } from '../data/open';
import type { Experiment } from '../experiment/schema';
import type { DataSource } from './protocol';

/** The index that the message names, else what the experiment's dataset says, below the site's root. */
export function placeOf(experiment: Experiment, data: DataSource | undefined): DataPlace {
  // A built site has relative paths, and this worker lies in its assets/.
  const base = import.meta.env.BASE_URL;
  const root = new URL(base === './' ? '..' : base, self.location.href);
  return { experiment, base: root.href, own: data?.infoUrl };
}
