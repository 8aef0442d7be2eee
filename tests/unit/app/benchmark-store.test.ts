/** The page's benchmark with a worker of a test's own. */
import { expect, it } from 'vitest';
import { pack } from '../../../src/app/benchmark/result';
import { type BenchmarkCalls, createBenchmark } from '../../../src/app/benchmark/store';
import type { BenchResult } from '../../../src/bench/run-bench';
import { type Peer, serve } from '../../../src/platform/calls';

const result: BenchResult = {
  adapter: 'Acme One',
  speed: [{ workload: 'residual', oursMs: 2, stockMs: 8, jaxMs: null, vsStock: 4, vsJax: null, gemmFraction: 0.3 }],
  startup: { pipelines: 5, compileMs: 10, stockCompileMs: 20 },
  data: null,
};
const packed = '1~Acme One~5,10,20~residual,2,8,0.3';

/** A benchmark whose worker waits until it is let go on, and what it has stored. */
function opened(linked?: string) {
  const stored: string[] = [];
  let closed = 0;
  let go = (_: BenchResult) => {};
  let fail = (_: string) => {};
  const openWorker = (): Peer => {
    let [near, far] = [(_: unknown) => {}, (_: unknown) => {}];
    const calls: BenchmarkCalls = {
      run: (_workloads, progress) => {
        progress('Adapter: Acme One');
        return new Promise((resolve) => {
          go = resolve;
        });
      },
    };
    serve(calls, {
      post: (message) => near(message),
      listen: (heard) => {
        far = heard;
      },
    });
    return {
      post: (message) => far(message),
      listen: (heard) => {
        near = heard;
      },
      onFailure: (heard) => {
        fail = heard;
      },
      close: () => closed++,
    };
  };
  const benchmark = createBenchmark({
    openWorker,
    stored: { read: () => stored.at(-1), write: (text) => void stored.push(text) },
    linked,
  });
  return {
    benchmark,
    stored,
    state: () => benchmark.store.getState(),
    go: (one: BenchResult) => go(one),
    fail: (why: string) => fail(why),
    closed: () => closed,
  };
}
const turn = () => new Promise((resolve) => setTimeout(resolve));

it('tells what it does, and keeps what it has measured', async () => {
  const { benchmark, state, stored, go, closed } = opened();
  benchmark.start(['residual']);
  await turn();
  expect(state().doing).toBe('Adapter: Acme One');
  go(result);
  await turn();
  expect(state()).toMatchObject({ doing: undefined, problem: '', own: { adapter: 'Acme One' } });
  expect(stored).toEqual([packed]);
  expect(closed()).toBe(1);
});

it('that is cancelled or whose worker fails says why, and can be started again', async () => {
  const { benchmark, state, go, fail, closed } = opened();
  benchmark.cancel('Nothing is under way.');
  expect(state().problem).toBe('');
  benchmark.start(['residual']);
  await turn();
  benchmark.cancel('Cancelled: a run was started meanwhile.');
  go(result);
  await turn();
  expect(state()).toMatchObject({
    doing: undefined,
    problem: 'Cancelled: a run was started meanwhile.',
    own: undefined,
  });
  benchmark.start(['residual']);
  await turn();
  expect(state().problem).toBe('');
  fail("The benchmark's worker stopped: out of memory.");
  await turn();
  expect(state()).toMatchObject({ doing: undefined, problem: "The benchmark's worker stopped: out of memory." });
  expect(closed()).toBe(2);
});

it('of a link is shown beside one of this device, and one that can not be read is said', () => {
  const { shared } = opened(packed).state();
  expect(shared && pack(shared)).toBe(packed);
  expect(opened('1~<b>').state()).toMatchObject({
    shared: undefined,
    problem: "The benchmark in this link can't be read.",
  });
});
