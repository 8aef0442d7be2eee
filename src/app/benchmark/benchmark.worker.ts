/** Runs the benchmark away from the page; each contender in a worker of its own below this one, and gone with it. */

import { openOurs, openStock } from '../../bench/openers';
import { runBench } from '../../bench/run-bench';
import { messageOf } from '../../core/message';
import type { BenchmarkAnswer, BenchmarkRequest } from './protocol';

const TURNS = 3;

const answer = (message: BenchmarkAnswer) => self.postMessage(message);

self.onmessage = async ({ data: { workloads } }: MessageEvent<BenchmarkRequest>) => {
  try {
    const contenders = { ours: openOurs, stock: openStock };
    // A full-size step of stock tfjs takes 6 GB: nothing to ask of a visitor.
    const options = { workloads, turns: TURNS, firstStep: 'residual', budget: false, contenders } as const;
    answer({ type: 'done', result: await runBench(options, (message) => answer({ type: 'progress', message })) });
  } catch (error) {
    answer({ type: 'failed', message: messageOf(error) });
  }
};
