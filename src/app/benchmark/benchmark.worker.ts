/** Runs the benchmark away from the page; each contender in a worker of its own below this one, and gone with it. */

import { openOurs, openStock } from '../../bench/openers';
import { runBench } from '../../bench/run-bench';
import { ownChannel, serve } from '../../platform/calls';
import type { BenchmarkCalls } from './store';

const TURNS = 3;

const calls: BenchmarkCalls = {
  run: (workloads, progress) =>
    // A full-size step of stock tfjs takes 6 GB: nothing to ask of a visitor.
    runBench(
      {
        workloads,
        turns: TURNS,
        firstStep: 'residual',
        budget: false,
        contenders: { ours: openOurs, stock: openStock },
      },
      progress,
    ),
};

serve(calls, ownChannel());
