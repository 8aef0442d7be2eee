/**
 * Capture and replay. A training step has static shapes and no data-dependent control flow: it is written down once, without
 * running, and then replayed with one command encoder and one submit. What changes per step (batch, learning rate, step number)
 * lies in tensors made before the recording, which gpu.write() overwrites before each replay.
 */
import type { Arena } from './buffers';
import { type Gpu, gpu, type RecordedCommand } from './dispatch';

type Prepared =
  | { kind: 'dispatch'; pipeline: GPUComputePipeline; group: GPUBindGroup; workgroups: readonly [number, number]; bytes: number }
  | Extract<RecordedCommand, { kind: 'copy' }>;

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
      return { kind: 'dispatch', pipeline, group, workgroups: command.workgroups, bytes };
    });
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
