import type { ComponentType } from 'react';
import type { LabState } from '../../lab/state';

/** A tab below the charts: its file declares it, one line of index.ts shows it. */
export interface TabDeclaration {
  /** Kept in the preferences. */
  id: string;
  label: string;
  /** Of what it holds, beside the label; none where it is 0. */
  count?: (state: LabState) => number;
  panel: ComponentType;
  /** Whether there is such a tab now; absent: always. */
  when?: (state: LabState) => boolean;
}
