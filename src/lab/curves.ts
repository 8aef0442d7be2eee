/** The full series of every run that a lab knows, outside its store: React gets a downsampled view. */
import { Series } from '../runs/series';

export interface Curves {
  /** Series of a run; an empty one if nothing is known yet. */
  of(id: string): Series;
  forget(id: string): void;
}

export function createCurves(): Curves {
  const all = new Map<string, Series>();
  return {
    of(id) {
      const series = all.get(id) ?? new Series();
      all.set(id, series);
      return series;
    },
    forget: (id) => void all.delete(id),
  };
}
