/**
 * Capture and replay. A training step has static shapes and no data-dependent control flow: it is written down once, without
 * running, and then replayed with one command encoder and one submit. What changes per step (batch, learning rate, step number)
 * lies in tensors made before the recording, which gpu.write() overwrites before each replay.
 */
import type { KernelTime } from '../../core/results';
import type { Arena } from './buffers';
import type { RecordedCommand } from './commands';
import { type Gpu, gpu } from './dispatch';

type Prepared =
  | {
      kind: 'dispatch';
      name: string;
      pipeline: GPUComputePipeline;
      group: GPUBindGroup;
      workgroups: readonly [number, number];
      bytes: number;
    }
  | Extract<RecordedCommand, { kind: 'copy' }>;

/** WebGPU's largest query set. */
const MAX_QUERIES = 4096;

/** Sums by kernel family, longest first. */
export function mergeTimes(lists: readonly (readonly KernelTime[])[]): KernelTime[] {
  const families = new Map<string, KernelTime>();
  for (const { name, milliseconds, dispatches } of lists.flat()) {
    const family = families.get(name) ?? { name, milliseconds: 0, dispatches: 0 };
    family.milliseconds += milliseconds;
    family.dispatches += dispatches;
    families.set(name, family);
  }
  return [...families.values()].sort((a, b) => b.milliseconds - a.milliseconds);
}

export class Recording<T> {
  private prepared: Prepared[] = [];

  private constructor(
    private readonly owner: Gpu,
    private readonly commands: readonly RecordedCommand[],
    private readonly arena: Arena,
    /** What the recorded function returned: tensors that every replay writes anew. */
    readonly result: T,
  ) {}

  /** Records fn and compiles what it needs; fn must make no tfjs kernel run. onProgress: pipelines compiled, of all. */
  static async of<T>(fn: () => T, onProgress?: (done: number, all: number) => void): Promise<Recording<T>> {
    const owner = gpu();
    const { commands, arena, result } = owner.record(fn);
    const recording = new Recording(owner, commands, arena, result);
    await owner.compile(commands, onProgress);
    recording.prepare();
    return recording;
  }

  /** Dispatches of one replay. */
  get dispatches(): number {
    return this.prepared.reduce((sum, { kind }) => sum + (kind === 'dispatch' ? 1 : 0), 0);
  }

  private prepare(): void {
    this.prepared = this.commands.map((command) => {
      if (command.kind === 'copy') return command;
      const pipeline = this.owner.pipeline(command.key, () => command.code);
      const bytes = command.buffers.reduce((sum, { size }) => sum + size, 0);
      const group = this.owner.bindGroup(pipeline, command.buffers, command.uniforms);
      return { kind: 'dispatch', name: command.name, pipeline, group, workgroups: command.workgroups, bytes };
    });
  }

  /** Bytes that all dispatches of one replay bind, and bytes of the buffers that are the recording's own. */
  get size(): { boundBytes: number; arenaBytes: number } {
    const boundBytes = this.prepared.reduce(
      (sum, command) => sum + (command.kind === 'dispatch' ? command.bytes : 0),
      0,
    );
    return { boundBytes, arenaBytes: this.arena.bytes };
  }

  /**
   * Replays once with a clock on every dispatch. Same results as replay(), more slowly. Resolves to the time on the GPU by kernel
   * family, longest first; to nothing where the device has no timestamp-query.
   */
  async replayTimed(): Promise<KernelTime[]> {
    const { device } = this.owner;
    if (!device.features.has('timestamp-query')) {
      this.replay();
      return [];
    }
    this.owner.flush();
    const timed = Math.min(this.dispatches, MAX_QUERIES / 2);
    const queries = device.createQuerySet({ type: 'timestamp', count: 2 * timed });
    const size = 16 * timed;
    const resolved = device.createBuffer({ size, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    const staging = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
    const encoder = device.createCommandEncoder();
    const names: string[] = [];
    for (const command of this.prepared) {
      if (command.kind === 'copy') {
        encoder.copyBufferToBuffer(command.from, command.fromOffset, command.to, command.toOffset, command.size);
        continue;
      }
      const first = 2 * names.length;
      const pass = encoder.beginComputePass(
        names.length < timed
          ? { timestampWrites: { querySet: queries, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 } }
          : {},
      );
      pass.setPipeline(command.pipeline);
      pass.setBindGroup(0, command.group);
      pass.dispatchWorkgroups(...command.workgroups);
      pass.end();
      names.push(command.name);
    }
    encoder.resolveQuerySet(queries, 0, 2 * timed, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    this.owner.counters.submits++;
    this.owner.counters.dispatches += names.length;
    await staging.mapAsync(GPUMapMode.READ);
    const ticks = new BigUint64Array(staging.getMappedRange().slice(0));
    for (const resource of [queries, resolved, staging]) resource.destroy();
    const times = names.slice(0, timed).map(
      (name, i): KernelTime => ({
        name,
        // Some drivers give a pass that ends before it began.
        milliseconds: Math.max(0, Number((ticks[2 * i + 1] as bigint) - (ticks[2 * i] as bigint))) / 1e6,
        dispatches: 1,
      }),
    );
    return mergeTimes([times]);
  }

  /** Encodes and submits everything once. Whatever was encoded before goes first. */
  replay(): void {
    this.owner.flush();
    const encoder = this.owner.device.createCommandEncoder();
    const { counters } = this.owner;
    let pass: GPUComputePassEncoder | undefined;
    let bound: GPUComputePipeline | undefined;
    for (const command of this.prepared) {
      if (command.kind === 'copy') {
        pass?.end();
        pass = undefined;
        encoder.copyBufferToBuffer(command.from, command.fromOffset, command.to, command.toOffset, command.size);
        continue;
      }
      if (!pass) {
        pass = encoder.beginComputePass();
        bound = undefined;
      }
      if (bound !== command.pipeline) pass.setPipeline(command.pipeline);
      bound = command.pipeline;
      pass.setBindGroup(0, command.group);
      pass.dispatchWorkgroups(...command.workgroups);
      counters.dispatches++;
      counters.boundBytes += command.bytes;
    }
    pass?.end();
    this.owner.device.queue.submit([encoder.finish()]);
    counters.submits++;
  }

  /** Gives all its memory back. Call when no replay is under way any more, or never again needed. */
  dispose(): void {
    this.prepared = [];
    this.owner.releaseArena(this.arena);
  }
}
