/** The command line's benchmark page: the page's own contenders, and jax-js, which the page never loads. */
import { openOurs, openStock } from '../bench/openers';
import { type BenchOptions, type BenchResult, runBench } from '../bench/run-bench';
import { measureThroughput } from '../data/throughput';
import { workerPeer } from '../platform/worker-peer';

/** What Node asks for. */
export type BenchRequest = Pick<BenchOptions, 'workloads' | 'turns' | 'firstStep' | 'budget'>;

declare global {
  interface Window {
    /** Given by Node. */
    reportProgress(message: string): Promise<void>;
    runBenchmark(request: BenchRequest): Promise<BenchResult>;
  }
}

const openJax = () =>
  workerPeer(
    "jax-js's worker in the benchmark",
    () => new Worker(new URL('../bench/jax.worker.ts', import.meta.url), { type: 'module' }),
  );

const contenders = { ours: openOurs, stock: openStock, jax: openJax };

window.runBenchmark = (request) =>
  runBench({ ...request, contenders, data: measureThroughput }, (message) => void window.reportProgress(message));
