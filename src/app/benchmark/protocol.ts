/** What the page and the worker that runs its benchmark say to each other. Types only. */
import type { BenchResult } from '../../bench/run-bench';
import type { OfferedWorkload } from './result';

export interface BenchmarkRequest {
  workloads: readonly OfferedWorkload[];
}

export type BenchmarkAnswer =
  | { type: 'progress'; message: string }
  | { type: 'done'; result: BenchResult }
  | { type: 'failed'; message: string };
