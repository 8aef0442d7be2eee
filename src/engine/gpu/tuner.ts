/**
 * Picks, shape by shape, the variant of a kernel that is fastest on this device, by running it; never by the vendor's name.
 * All variants of a kernel add up in the same order, so that the choice changes no result. Choices are kept by adapter.
 */
import type { KernelTime, KernelVariant } from '../../core/results';
import barriersText from './barriers.wgsl?raw';
import type { Gpu } from './dispatch';
import { kernelOf } from './kernel';
import { Recording } from './recording';
import type { Tuner, Variant } from './variants';
import { WORKGROUP } from './wgsl';

const barriersKernel = kernelOf({
  name: 'barriers',
  body: barriersText,
  tensors: { y: 'write f32' },
  constants: ['BARRIERS'],
});

interface Trial {
  variants: readonly Variant[];
  /** Dispatches the kernel in that variant over tensors of its own. */
  run(variant: Variant): void;
}

/** Runs of each variant; the best counts, since other work only ever adds time. */
const RUNS = 3;

/** Key of the choice between devices whose barriers are cheap and others. */
const BARRIERS = 'barriers';
/** Barriers that slow a small kernel down more than this will not be made good by what they save. */
const CHEAP = 4;
/** Workgroups of the kernel that measures barriers. */
const BARRIER_GROUPS = 256;

const total = (times: readonly KernelTime[]) => times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);

export class TimingTuner implements Tuner {
  private readonly choices = new Map<string, string>();
  private readonly open = new Map<string, Trial>();
  /** What was asked for since collect(), by key. */
  private met = new Map<string, KernelVariant>();

  constructor(private readonly gpu: Gpu) {}

  untried(): string[] {
    return [...this.open.keys()];
  }

  choose<V extends Variant>(key: string, variants: readonly V[], run: (variant: V) => void): V {
    const name = this.choices.get(key);
    const chosen = variants.find((variant) => variant.name === name) ?? (variants[0] as V);
    const untried = name === undefined && variants.length > 1;
    if (untried) {
      this.open.set(key, { variants, run: run as (variant: Variant) => void });
    }
    const [kernel = '', ...shape] = key.split(' ');
    this.met.set(key, { kernel, shape: shape.join(' '), variant: chosen.name, untried });
    return chosen;
  }

  collect<T>(work: () => T): { result: T; variants: KernelVariant[] } {
    this.met = new Map();
    const result = work();
    return { result, variants: [...this.met.values()] };
  }

  chosen(): ReadonlyMap<string, string> {
    return this.choices;
  }

  recall(choices: Iterable<readonly [string, string]>): void {
    for (const [key, name] of choices) this.choices.set(key, name);
  }

  async tune(budget: number, onProgress?: (done: number, all: number) => void): Promise<number> {
    const start = performance.now();
    const shapes = this.open.size;
    let changed = 0;
    let done = 0;
    if (!this.choices.has(BARRIERS)) this.choices.set(BARRIERS, (await this.barriersAreCheap()) ? 'cheap' : 'dear');
    for (const [key, { variants: all, run }] of this.open) {
      if (performance.now() - start > budget) break;
      this.open.delete(key);
      const variants = all.filter(({ barriers }) => !barriers || this.choices.get(BARRIERS) === 'cheap');
      const recordings = await Promise.all(variants.map((variant) => Recording.of(() => run(variant))));
      const best = variants.map(() => Number.POSITIVE_INFINITY);
      for (let round = 0; round < RUNS; round++) {
        for (const [i, recording] of recordings.entries()) {
          best[i] = Math.min(best[i] as number, await this.time(recording));
        }
      }
      for (const recording of recordings) recording.dispose();
      const winner = best.indexOf(Math.min(...best));
      this.choices.set(key, (variants[winner] as Variant).name);
      if (variants[winner] !== all[0]) changed++;
      onProgress?.(++done, shapes);
    }
    return changed;
  }

  /** Measured: the same small kernel with and without barriers. */
  private async barriersAreCheap(): Promise<boolean> {
    const time = async (barriers: boolean) => {
      const threads = BARRIER_GROUPS * WORKGROUP;
      const recording = await Recording.of(() => {
        const y = this.gpu.empty([threads]);
        this.gpu.dispatch(barriersKernel, {
          tensors: { y },
          uniforms: {},
          constants: { BARRIERS: Number(barriers) },
          threads,
        });
        this.gpu.release(y);
      });
      let best = Number.POSITIVE_INFINITY;
      for (let run = 0; run < RUNS; run++) best = Math.min(best, await this.time(recording));
      recording.dispose();
      return best;
    };
    const [without, withBarriers] = [await time(false), await time(true)];
    // A clock may be too coarse to see the one without.
    return withBarriers < CHEAP * Math.max(without, 0.01);
  }

  /** Milliseconds on the GPU's clock, or, without one, until the queue is empty. */
  private async time(recording: Recording<void>): Promise<number> {
    if (this.gpu.device.features.has('timestamp-query')) return total(await recording.replayTimed());
    const start = performance.now();
    recording.replay();
    await this.gpu.device.queue.onSubmittedWorkDone();
    return performance.now() - start;
  }
}
