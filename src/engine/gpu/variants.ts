/** Kernels that may be run in several ways with the same bits, and who chooses among them. */
import type { KernelVariant } from '../../core/results';

/** How a kernel may be run: the name is what is kept. */
export interface Variant {
  name: string;
  /** Needs workgroup barriers: left out where they are dear. */
  barriers?: boolean;
}

export interface Tuner {
  /** Kernels and shapes that were met and never tried. */
  untried(): string[];
  /** The chosen variant of a kernel over a shape; the first one, and a trial for later, if nothing was measured yet. */
  choose<V extends Variant>(key: string, variants: readonly V[], run: (variant: V) => void): V;
  /** How the kernels that `work` dispatches are run, besides what it returns. */
  collect<T>(work: () => T): { result: T; variants: KernelVariant[] };
  /** What was chosen so far, by kernel and shape. */
  chosen(): ReadonlyMap<string, string>;
  /** Takes choices of an earlier session on the same adapter. */
  recall(choices: Iterable<readonly [string, string]>): void;
  /**
   * Measures the shapes met so far, until budget milliseconds are spent. onProgress: shapes done, of all. Resolves to the number of
   * shapes whose choice is not the first variant: recordings made before are worth making again if it is not 0.
   */
  tune(budget: number, onProgress?: (done: number, all: number) => void): Promise<number>;
}
