import type { Lab } from '../../lab/lab';
import { workerPeer } from '../../platform/worker-peer';
import { splitSearch } from '../benchmark/result';
import { type BenchmarkLab, createBenchmark } from '../benchmark/store';
import { keptText } from './storage';

/** The benchmark of this page. A link with one opens its tab; a run that is started ends it: they would slow each other down. */
export function openBenchmark(lab: Lab): BenchmarkLab {
  const linked = splitSearch(location.search).packed;
  const benchmark = createBenchmark({
    openWorker: () =>
      workerPeer(
        "The benchmark's worker",
        () =>
          new Worker(new URL('../benchmark/benchmark.worker.ts', import.meta.url), {
            type: 'module',
            name: 'benchmark',
          }),
      ),
    stored: keptText('tricklab-benchmark'),
    linked,
  });
  if (linked !== undefined) lab.actions.prefer({ tab: 'performance' });
  lab.store.subscribe(({ active }) => {
    if (active !== undefined) benchmark.cancel('Cancelled: a run was started meanwhile.');
  });
  return benchmark;
}
