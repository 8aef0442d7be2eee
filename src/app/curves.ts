/** The full series of every run the page knows, outside React. */
import { Series } from '../runs/series';

const all = new Map<string, Series>();

/** Series of a run; an empty one if nothing is known yet. */
export function curveOf(id: string): Series {
  let series = all.get(id);
  if (!series) {
    series = new Series();
    all.set(id, series);
  }
  return series;
}

export function setCurve(id: string, series: Series): void {
  all.set(id, series);
}

export function forgetCurve(id: string): void {
  all.delete(id);
}
