/** The page's benchmark: what is under way, what was measured here, what came with the link. */
import { create } from 'zustand';
import { usePreferences, useRuns } from '../state';
import type { BenchmarkAnswer, BenchmarkRequest } from './protocol';
import { type Benchmark, benchmarkOf, type OfferedWorkload, pack, splitSearch, unpack } from './result';

const STORED = 'tricklab-benchmark';

interface BenchmarkState {
  /** What it is doing; undefined while none is under way. */
  doing: string | undefined;
  /** Why there is no result, '' if there is no reason. */
  problem: string;
  /** Measured on this device, now or on an earlier visit. */
  own: Benchmark | undefined;
  /** From the link that the page was opened with. */
  shared: Benchmark | undefined;
}

function readStored(): Benchmark | undefined {
  try {
    return unpack(localStorage.getItem(STORED) ?? '');
  } catch {
    // A browser that keeps nothing.
    return undefined;
  }
}

function store(own: Benchmark): void {
  try {
    localStorage.setItem(STORED, pack(own));
  } catch {
    // As above.
  }
}

const { packed } = splitSearch(location.search);
const shared = packed === undefined ? undefined : unpack(packed);

export const useBenchmark = create<BenchmarkState>()(() => ({
  doing: undefined,
  problem: packed !== undefined && !shared ? "The benchmark in this link can't be read." : '',
  own: readStored(),
  shared,
}));

if (packed !== undefined) usePreferences.setState({ tab: 'performance' });

let worker: Worker | undefined;

function end(outcome: Partial<BenchmarkState>): void {
  worker?.terminate();
  worker = undefined;
  useBenchmark.setState({ doing: undefined, ...outcome });
}

export function startBenchmark(workloads: readonly OfferedWorkload[]): void {
  if (worker || useRuns.getState().active) return;
  useBenchmark.setState({ doing: 'Starting', problem: '' });
  worker = new Worker(new URL('./benchmark.worker.ts', import.meta.url), { type: 'module', name: 'benchmark' });
  worker.onerror = ({ message }) =>
    end({ problem: `The benchmark's worker stopped: ${message || 'no reason given'}.` });
  worker.onmessage = ({ data }: MessageEvent<BenchmarkAnswer>) => {
    switch (data.type) {
      case 'progress':
        useBenchmark.setState({ doing: data.message });
        return;
      case 'done': {
        const own = benchmarkOf(data.result);
        store(own);
        return end({ own });
      }
      case 'failed':
        return end({ problem: data.message });
      default:
        data satisfies never;
    }
  };
  worker.postMessage({ workloads } satisfies BenchmarkRequest);
}

export const cancelBenchmark = () => end({});

// They would slow each other down, and training is what the page is for.
useRuns.subscribe(({ active }) => {
  if (active && worker) end({ problem: 'Cancelled: a run was started meanwhile.' });
});
