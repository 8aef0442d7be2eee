/** What each of the compared trainers can do. It lives in a worker of its own: nobody's changes to tfjs reach another. */
import type { NamedArray } from '../core/safetensors';
import { watchDevices } from './device-boundary';
import { type Footprint, takeFootprint } from './footprint';
import { type Workload, type WorkloadId, workloads } from './workloads';

/** By timm's names, in PyTorch's layout. */
export type Weights = ReadonlyMap<string, NamedArray>;

/** Training of one workload, again and again on its one batch. */
export interface Training {
  /** Starts an update; resolves to the loss before it. Several may be under way. */
  step(): Promise<number>;
  /** Bytes of the batch that each step uploads anew; 0 where it stays on the GPU. */
  batchBytes: number;
  /** Picks the fastest kernels on this device. */
  tune?(): Promise<void>;
  /** The weights as they are. */
  weights?(): Promise<Weights>;
}

export interface Contender {
  /** Opens its device; resolves to the adapter in words. Rejects where there is no WebGPU. */
  open(): Promise<string>;
  /** Builds the network with these weights, or with initial ones of its own. */
  build(workload: Workload, weights: Weights | undefined): Promise<Training>;
  /** Useful rate of a plain matrix product, FLOP/s. */
  gemmRate?(): Promise<number>;
}

export interface Turn {
  /** Of each step. */
  losses: number[];
  /** Milliseconds a step took. */
  stepMs: number;
}

/** Steps that may be queued before the oldest one's loss has come back. */
const RUN_AHEAD = 2;

async function turn(training: Training, steps: number): Promise<Turn> {
  const start = performance.now();
  const losses: number[] = [];
  const pending: Promise<number>[] = [];
  for (let i = 0; i < steps; i++) {
    pending.push(training.step());
    if (pending.length > RUN_AHEAD) losses.push((await pending.shift()) as number);
  }
  losses.push(...(await Promise.all(pending)));
  return { losses, stepMs: (performance.now() - start) / steps };
}

/** What the benchmark calls a contender's worker for. One workload per worker. */
export function callsOf(contender: Contender) {
  let training: Training | undefined;
  const built = (): Training => {
    if (!training) throw new Error('A network must be built first.');
    return training;
  };
  return {
    open: () => contender.open(),

    async build(id: WorkloadId, weights?: Weights): Promise<void> {
      training = await contender.build(workloads[id], weights);
    },

    tune: async (): Promise<void> => built().tune?.(),

    train: (steps: number): Promise<Turn> => turn(built(), steps),

    /** From nothing but an open device to the first loss: milliseconds, and the pipelines that were compiled. */
    async firstStep(id: WorkloadId): Promise<{ ms: number; pipelines: number }> {
      const watch = watchDevices({ execute: true });
      const start = performance.now();
      training = await contender.build(workloads[id], undefined);
      await training.step();
      return { ms: performance.now() - start, pipelines: watch.traffic.pipelines };
    },

    /** What a step costs besides computing: opens its device itself, and computes nothing. */
    footprint: (id: WorkloadId): Promise<Footprint> =>
      takeFootprint(async () => {
        await contender.open();
        return contender.build(workloads[id], undefined);
      }),

    async weights(): Promise<Weights> {
      const weights = await built().weights?.();
      if (!weights) throw new Error('This contender gives no weights.');
      return weights;
    },

    async gemmRate(): Promise<number> {
      if (!contender.gemmRate) throw new Error('This contender has no matrix product to measure.');
      return contender.gemmRate();
    },
  };
}

export type Calls = ReturnType<typeof callsOf>;
