/** `bench`: our trainer against stock tf.layers and jax-js, on the adapter that Chromium or Dawn offers, in one run. */
import type { BenchResult, Progress, SpeedWorkload } from '../../bench/run-bench';
import { benchOnDawn, dawnVersion } from '../bench-dawn';
import type { BenchRequest } from '../bench-page';
import { summaryOf } from '../bench-words';
import { checkedOutCommit } from '../checkout';
import type { Value } from '../declaration';
import { defineCommand, flag, text } from '../define-command';
import { Failure } from '../failure';
import { withHeadlessPage } from '../headless-page';
import { outOption } from '../shared-options';
import { didYouMean } from '../suggest';

const WORKLOADS = ['residual', 'resnet-vd', 'resnet50-vd', 'cmt'] as const satisfies readonly SpeedWorkload[];
const QUICK_WORKLOADS: readonly SpeedWorkload[] = ['residual', 'resnet-vd'];
const TURNS = 5;
const QUICK_TURNS = 3;

/** Chromium's own WebGPU, or the same one in Node, which reaches adapters that Chromium does not offer. */
const RUNTIMES = ['chromium', 'dawn'] as const;

/** One of some names. */
function nameAmong<T extends string>(what: string, names: readonly T[], name: string): T {
  const found = names.find((candidate) => candidate === name);
  if (found !== undefined) return found;
  throw new Failure(`There is no ${what} "${name}".${didYouMean(name, names)} There are: ${names.join(', ')}.`);
}

const workloads: Value<readonly SpeedWorkload[]> = {
  ...text('A,B', `what to train: ${WORKLOADS.join(', ')}`),
  read: (names) => names.split(',').map((name) => nameAmong('workload', WORKLOADS, name.trim())),
};

const runtime: Value<(typeof RUNTIMES)[number]> = {
  ...text('NAME', `where: ${RUNTIMES.join(' or ')}`),
  read: (name) => nameAmong('runtime', RUNTIMES, name),
};

/** What to measure. */
export const benchRequest = (quick: boolean, named: readonly SpeedWorkload[] | undefined): BenchRequest => ({
  workloads: named ?? (quick ? QUICK_WORKLOADS : WORKLOADS),
  turns: quick ? QUICK_TURNS : TURNS,
  firstStep: 'resnet-vd',
  budget: true,
});

interface Measured {
  /** What ran it: browser or Node, with versions. */
  browser: string;
  result: BenchResult;
}

async function benchInChromium(request: BenchRequest, progress: Progress): Promise<Measured> {
  const source = {
    path: 'src/cli/bench.html',
    entries: ['src/cli/bench-page.ts', 'src/bench/*.worker.ts', 'src/data/worker.ts'],
  };
  return await withHeadlessPage(source, async (page) => {
    await page.exposeFunction('reportProgress', progress);
    await page.waitForFunction('window.runBenchmark !== undefined');
    const outcome = await page.evaluate(
      (asked: BenchRequest) =>
        window.runBenchmark(asked).then(
          (result) => ({ result }),
          (error: Error) => ({ failure: error.message }),
        ),
      request,
    );
    if ('failure' in outcome) throw new Failure(outcome.failure);
    return { browser: `Chromium ${page.context().browser()?.version() ?? ''}`.trim(), result: outcome.result };
  });
}

const runs = {
  chromium: benchInChromium,
  dawn: async (request: BenchRequest, progress: Progress): Promise<Measured> => ({
    result: await benchOnDawn(request, progress),
    browser: `none: webgpu ${dawnVersion} in Node ${process.versions.node}`,
  }),
};

export const bench = defineCommand({
  name: 'bench',
  summary: 'our trainer against stock tf.layers and jax-js',
  words: {},
  options: {
    quick: flag('two small workloads, fewer turns'),
    workloads,
    runtime,
    out: { ...outOption, summary: 'writes the results, with date, commit and command: for docs/benchmarks' },
  },
  examples: ['--quick --json', '--runtime dawn', '--out docs/benchmarks/DATE.json'],
  async run({ quick, workloads: named, runtime: where = 'chromium', out }, output) {
    const date = new Date().toISOString();
    const command = [
      'bench',
      ...(quick ? ['--quick'] : []),
      ...(named ? ['--workloads', named.join(',')] : []),
      ...(where === 'chromium' ? [] : ['--runtime', where]),
    ].join(' ');
    const { browser, result } = await runs[where](benchRequest(quick, named), (line) => output.stderr(`${line}\n`));
    const dated = { date, commit: checkedOutCommit(), browser, command, ...result };
    return { result: dated, summary: summaryOf(result), out };
  },
});
