/**
 * The benchmark: Tricklab's trainer against stock tf.layers and jax-js, on the adapter that is there, in one run, taking turns.
 * Each contender lives in a worker or a process with a device of its own; only one works at a time.
 */
import { formatMilliseconds } from '../core/format';
import { messageOf } from '../core/message';
import { median } from '../core/stats';
import type { Throughput } from '../data/throughput';
import { connect, type Peer, type Remote } from '../platform/calls';
import type { Calls, Weights } from './contender';
import type { Footprint } from './footprint';
import { stepFlops, type WorkloadId, workloads } from './workloads';

export type SpeedWorkload = Exclude<WorkloadId, 'resnet50-vd-224'>;

/** Opens a contender's worker. fresh: where it would find shaders compiled earlier, on disk, it must not. */
export type Opener = (how?: { fresh: boolean }) => Peer;

export interface BenchOptions {
  workloads: readonly SpeedWorkload[];
  /** Whose first step is timed. */
  firstStep: SpeedWorkload;
  /** Timed turns of each contender. */
  turns: number;
  /** Count what a full-size step costs. Stock tfjs needs 6 GB for it. */
  budget: boolean;
  /** jax-js may be left out. */
  contenders: { ours: Opener; stock: Opener; jax?: Opener };
  /** Measures a data worker, where there is a browser to decode images. */
  data?: () => Promise<Throughput>;
}

export interface Speed {
  workload: SpeedWorkload;
  /** Milliseconds of a step: medians over the turns. null: not run, or it can't run here. */
  oursMs: number;
  stockMs: number | null;
  jaxMs: number | null;
  /** How many times faster than the rival. */
  vsStock: number | null;
  vsJax: number | null;
  /** Useful rate of a step over the best rate of a plain matrix product. */
  gemmFraction: number;
}

export interface Startup {
  /** That our first step compiles. */
  pipelines: number;
  /** From an open device to the first loss, compiling included, milliseconds. */
  compileMs: number;
  stockCompileMs: number | null;
}

export interface BenchResult {
  adapter: string;
  budget?: Footprint & { model: string; batch: number; size: number; stock: Footprint | null };
  speed: Speed[];
  startup: Startup;
  /** Rates of one data worker; null where none was measured. */
  data: Throughput | null;
}

export type Progress = (message: string) => void;

/** What a rival achieves; null, and the reason as progress, if it can't. */
async function attempt<T>(what: string, progress: Progress, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    progress(`${what} fails here: ${messageOf(error)}`);
    return null;
  }
}

async function inWorker<T>(open: Opener, work: (remote: Remote<Calls>) => Promise<T>): Promise<T> {
  const remote = connect<Calls>(open());
  try {
    return await work(remote);
  } finally {
    remote.close();
  }
}

async function startup({ contenders, firstStep: workload }: BenchOptions, progress: Progress): Promise<Startup> {
  const { ours, stock } = contenders;
  const firstStep = (open: Opener) =>
    inWorker(
      () => open({ fresh: true }),
      async (remote) => {
        await remote.call('open');
        return remote.call('firstStep', workload);
      },
    );
  const our = await firstStep(ours);
  progress(`First step: ours ${formatMilliseconds(our.ms)}`);
  const theirs = await attempt("Stock tfjs's first step", progress, () => firstStep(stock));
  if (theirs) progress(`First step: stock ${formatMilliseconds(theirs.ms)}`);
  return { pipelines: our.pipelines, compileMs: our.ms, stockCompileMs: theirs?.ms ?? null };
}

async function budget({ ours, stock }: BenchOptions['contenders'], progress: Progress): Promise<BenchResult['budget']> {
  const { batch, size } = workloads['resnet50-vd-224'];
  const footprint = (open: Opener) => inWorker(open, (remote) => remote.call('footprint', 'resnet50-vd-224'));
  progress('Counting a full-size step: ours');
  const our = await footprint(ours);
  progress('Counting a full-size step: stock');
  const theirs = await attempt("Stock tfjs's full-size step", progress, () => footprint(stock));
  return { model: 'resnet50-vd', batch, size, ...our, stock: theirs };
}

type Name = keyof BenchOptions['contenders'];

interface Entrant {
  name: Name;
  remote: Remote<Calls>;
  losses: number[];
  turns: number[];
  /** Steps of a turn. */
  steps: number;
}

/** A turn should last this long, to be timed well, and need not last longer. */
const TURN_MS = 1000;
const MOST_STEPS = 20;
/** Contenders whose step takes longer get few turns. */
const SLOW_MS = 10_000;
const SLOW_TURNS = 2;

/** No straw men: all must start at the same loss (in f32, batch norm over few values) and learn. */
function checkLearning(workload: string, { name, losses }: Entrant, first: number): void {
  const [start = Number.NaN] = losses;
  const end = losses.at(-1) as number;
  const seen = losses.map((loss) => loss.toPrecision(4)).join(', ');
  if (!(Math.abs(start - first) < 0.02 * first)) {
    throw new Error(`${workload}: ${name} starts at another loss than ours, ${first.toPrecision(4)}: ${seen}.`);
  }
  if (!(end < start)) throw new Error(`${workload}: ${name} does not learn: ${seen}.`);
}

/** Opens a contender and builds its network. */
async function enter(name: Name, remote: Remote<Calls>, workload: WorkloadId, weights?: Weights): Promise<Entrant> {
  await remote.call('open');
  await remote.call('build', workload, weights);
  return { name, remote, losses: [], turns: [], steps: 1 };
}

/** Two steps: the first compiles, the second says how many a turn has. What a contender tunes, it tunes in between. */
async function warmUp({ remote, losses }: Entrant): Promise<number> {
  const first = await remote.call('train', 1);
  await remote.call('tune');
  const second = await remote.call('train', 1);
  losses.push(...first.losses, ...second.losses);
  return Math.max(1, Math.min(MOST_STEPS, Math.round(TURN_MS / second.stepMs)));
}

async function enterStock(remote: Remote<Calls>, workload: WorkloadId, weights: Weights): Promise<Entrant> {
  const entrant = await enter('stock', remote, workload, weights);
  entrant.steps = await warmUp(entrant);
  return entrant;
}

/**
 * Enters jax-js warm; rejects if it fails. It walks a network's graph recursively, and a worker's stack is small: CMT was seen to
 * overflow it. Functions that have run a while take less stack, so a second attempt in the same worker may succeed.
 */
async function enterJax(
  remote: Remote<Calls>,
  workload: WorkloadId,
  weights: Weights,
  progress: Progress,
): Promise<Entrant> {
  const entrant = await enter('jax', remote, workload, weights);
  const first = await attempt(`${workload}: jax-js's first attempt`, progress, () => warmUp(entrant));
  if (first === null) await remote.call('build', workload, weights);
  entrant.steps = first ?? (await warmUp(entrant));
  return entrant;
}

async function race(workload: SpeedWorkload, options: BenchOptions, progress: Progress): Promise<Speed> {
  const { contenders, turns } = options;
  const remotes: Remote<Calls>[] = [];
  const remoteOf = (open: Opener) => {
    const remote = connect<Calls>(open());
    remotes.push(remote);
    return remote;
  };
  const entrants: Entrant[] = [];
  const joined = (entrant: Entrant) => {
    entrants.push(entrant);
    progress(
      `${workload}: ${entrant.name} is warm, losses ${entrant.losses.map((loss) => loss.toFixed(4)).join(', ')}`,
    );
  };
  try {
    const ours = await enter('ours', remoteOf(contenders.ours), workload);
    const weights = await ours.remote.call('weights');
    ours.steps = await warmUp(ours);
    joined(ours);
    const stock = await attempt(`${workload}: stock tfjs`, progress, () =>
      enterStock(remoteOf(contenders.stock), workload, weights),
    );
    if (stock) joined(stock);
    const { jax: openJax } = contenders;
    const jax =
      openJax &&
      (await attempt(`${workload}: jax-js`, progress, () => enterJax(remoteOf(openJax), workload, weights, progress)));
    if (jax) joined(jax);
    const product = remoteOf(contenders.ours);
    await product.call('open');
    await product.call('gemmRate');
    const rates: number[] = [];
    for (let i = 0; i < turns; i++) {
      for (const entrant of entrants) {
        if (i >= SLOW_TURNS && (entrant.turns[0] as number) > SLOW_MS) continue;
        const { stepMs, losses } = await entrant.remote.call('train', entrant.steps);
        entrant.turns.push(stepMs);
        entrant.losses.push(...losses);
        progress(`${workload}: ${entrant.name} ${formatMilliseconds(stepMs)}, loss ${losses.at(-1)?.toFixed(4)}`);
      }
      rates.push(await product.call('gemmRate'));
    }
    for (const entrant of entrants) checkLearning(workload, entrant, ours.losses[0] as number);
    const took = (name: Name) => {
      const entrant = entrants.find((one) => one.name === name);
      return entrant ? median(entrant.turns) : null;
    };
    const oursMs = took('ours') as number;
    const stockMs = took('stock');
    const jaxMs = took('jax');
    const ratio = (theirs: number | null) => (theirs === null ? null : theirs / oursMs);
    return {
      workload,
      oursMs,
      stockMs,
      jaxMs,
      vsStock: ratio(stockMs),
      vsJax: ratio(jaxMs),
      gemmFraction: (stepFlops(workloads[workload]) * 1000) / oursMs / median(rates),
    };
  } finally {
    for (const remote of remotes) remote.close();
  }
}

/** Runs the whole benchmark; minutes on a software adapter. Rejects if ours fails, or a contender that runs does not learn. */
export async function runBench(options: BenchOptions, progress: Progress): Promise<BenchResult> {
  const { contenders } = options;
  const adapter = await inWorker(contenders.ours, (remote) => remote.call('open'));
  progress(`Adapter: ${adapter}`);
  const starting = await startup(options, progress);
  const counted = options.budget ? await budget(contenders, progress) : undefined;
  const speed: Speed[] = [];
  for (const workload of options.workloads) speed.push(await race(workload, options, progress));
  if (options.data) progress('Preparing images in one data worker');
  const data = (await options.data?.()) ?? null;
  return { adapter, ...(counted && { budget: counted }), speed, startup: starting, data };
}
