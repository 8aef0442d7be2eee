/** React reads the lab and calls its actions; it keeps nothing of it. */
import { createContext, type ReactNode, useContext } from 'react';
import { useStore } from 'zustand';
import type { Lab, LabActions } from '../lab/lab';
import type { LabState } from '../lab/state';

const LabContext = createContext<Lab | undefined>(undefined);

export const LabProvider = ({ lab, children }: { lab: Lab; children: ReactNode }) => (
  <LabContext value={lab}>{children}</LabContext>
);

/** The lab itself, for what is outside its store: curves and predictions. */
export function useLabItself(): Lab {
  const lab = useContext(LabContext);
  if (!lab) throw new Error('There is no lab around this component.');
  return lab;
}

/** A part of what the lab knows. */
export const useLab = <T,>(select: (state: LabState) => T): T => useStore(useLabItself().store, select);

/** The same object always. */
export const useActions = (): LabActions => useLabItself().actions;
