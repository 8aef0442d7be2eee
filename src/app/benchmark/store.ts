/** The page's benchmark: what is under way, what was measured here, what came with the link. Without React or window. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { BenchResult } from '../../bench/run-bench';
import { messageOf } from '../../core/message';
import { connect, type Peer, type Remote } from '../../platform/calls';
import { type Benchmark, benchmarkOf, type OfferedWorkload, pack, unpack } from './result';

/** What the benchmark's worker can be called for. */
export type BenchmarkCalls = {
  run(workloads: readonly OfferedWorkload[], progress: (message: string) => void): Promise<BenchResult>;
};

export interface BenchmarkState {
  /** What it is doing; undefined while none is under way. */
  doing: string | undefined;
  /** Why there is no result, '' if there is no reason. */
  problem: string;
  /** Measured on this device, now or on an earlier visit. */
  own: Benchmark | undefined;
  /** From the link that the page was opened with. */
  shared: Benchmark | undefined;
}

export interface BenchmarkPorts {
  openWorker(): Peer;
  /** The last result of this browser, packed. */
  stored: { read(): string | undefined; write(text: string): void };
  /** Of the link that the page was opened with, packed; undefined if there is none in it. */
  linked: string | undefined;
}

export interface BenchmarkLab {
  store: StoreApi<BenchmarkState>;
  start(workloads: readonly OfferedWorkload[]): void;
  /** Ends the one that is under way, if there is one; why: for a person. */
  cancel(why?: string): void;
}

export function createBenchmark({ openWorker, stored, linked }: BenchmarkPorts): BenchmarkLab {
  const shared = linked === undefined ? undefined : unpack(linked);
  const store = createStore<BenchmarkState>()(() => ({
    doing: undefined,
    problem: linked !== undefined && !shared ? "The benchmark in this link can't be read." : '',
    own: unpack(stored.read() ?? ''),
    shared,
  }));
  let remote: Remote<BenchmarkCalls> | undefined;

  function end(outcome: Partial<BenchmarkState>): void {
    remote?.close();
    remote = undefined;
    store.setState({ doing: undefined, ...outcome });
  }

  return {
    store,
    async start(workloads) {
      if (remote) return;
      const mine = connect<BenchmarkCalls>(openWorker());
      remote = mine;
      store.setState({ doing: 'Starting', problem: '' });
      try {
        const result = await mine.call('run', workloads, (doing) => {
          if (remote === mine) store.setState({ doing });
        });
        if (remote !== mine) return;
        const own = benchmarkOf(result);
        stored.write(pack(own));
        end({ own });
      } catch (error) {
        if (remote === mine) end({ problem: messageOf(error) });
      }
    },
    cancel(why = '') {
      if (remote) end({ problem: why });
    },
  };
}
