import { createContext, type ReactNode, useContext } from 'react';
import { useStore } from 'zustand';
import type { BenchmarkLab, BenchmarkState } from './store';

export type { BenchmarkLab };

const BenchmarkContext = createContext<BenchmarkLab | undefined>(undefined);

export const BenchmarkProvider = ({ benchmark, children }: { benchmark: BenchmarkLab; children: ReactNode }) => (
  <BenchmarkContext value={benchmark}>{children}</BenchmarkContext>
);

/** The benchmark's state and what can be done with it. */
export function useBenchmark(): BenchmarkState & Pick<BenchmarkLab, 'start' | 'cancel'> {
  const benchmark = useContext(BenchmarkContext);
  if (!benchmark) throw new Error('There is no benchmark around this component.');
  return { ...useStore(benchmark.store), start: benchmark.start, cancel: benchmark.cancel };
}
