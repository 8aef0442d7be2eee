/** Predictions of runs looked at or validated last: all there is where the browser stores nothing. */
import type { Predictions } from '../core/results';

/** Of up to 16 MiB each. */
const MOST_IN_MEMORY = 4;

export interface RecentPredictions {
  remember(id: string, found: Predictions): void;
  /** What is remembered, or else what `read` finds, which is then remembered. */
  of(id: string, read: () => Promise<Predictions | undefined>): Promise<Predictions | undefined>;
  forget(id: string): void;
}

export function rememberPredictions(): RecentPredictions {
  const recent = new Map<string, Predictions>();
  const memory: RecentPredictions = {
    remember(id, found) {
      recent.delete(id);
      recent.set(id, found);
      for (const old of [...recent.keys()].slice(0, -MOST_IN_MEMORY)) recent.delete(old);
    },
    async of(id, read) {
      const known = recent.get(id) ?? (await read());
      if (known) memory.remember(id, known);
      return known;
    },
    forget: (id) => void recent.delete(id),
  };
  return memory;
}
