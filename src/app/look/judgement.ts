import type { Judged } from '../../runs/predictions';
import type { Run } from '../../runs/run';

/** A run and what its last validation said. */
export interface Judgement {
  run: Run;
  judged: Judged;
}
