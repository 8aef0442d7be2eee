/**
 * Runs our own kernels on the WebGPU backend of tfjs, beside its kernels: same device, same command encoder, same tensors.
 * Unlike tfjs's own way, a kernel may have several outputs, work in place, and pays for no uniform upload per dispatch.
 * While a recording is open, nothing runs: the dispatch is written down (recording.ts).
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { Arena, BufferPool } from './buffers';
import type { RecordedCommand, Span } from './commands';
import { type Counters, zeroCounters } from './counters';
import {
  boundTensors,
  type Call,
  type Kernel,
  packUniforms,
  shaderText,
  type TensorSpec,
  type UniformType,
  writes,
} from './kernel';
import { HalfStorage } from './precision';
import type { Tuner } from './variants';
import { WORKGROUP } from './wgsl';

/** The insides of tfjs's WebGPU backend (4.22.0) that this file and backend.ts rely on. */
interface Internals {
  device: GPUDevice;
  bufferManager: BufferPool;
  tensorMap: { get(id: tf.DataId): TensorData };
  commandQueueOwnedIds: WeakSet<tf.DataId>;
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  uploadToGPU(id: tf.DataId): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  runWebGPUProgram(program: object, inputs: tf.TensorInfo[], ...rest: unknown[]): tf.TensorInfo;
  makeTensorInfo(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  disposeData(id: tf.DataId): boolean;
  incRef(id: tf.DataId): void;
}

interface TensorData {
  values: unknown;
  refCount: number;
  resource: GPUBuffer | null;
}

/** Workgroups along x and y. */
function grid(threads: number): readonly [number, number] {
  const groups = Math.ceil(threads / WORKGROUP);
  const rows = Math.ceil(groups / 65535);
  return [Math.ceil(groups / rows), rows];
}

/** The device with everything that kernels share. One per backend. */
export class Gpu {
  readonly device: GPUDevice;
  readonly pool: BufferPool;
  readonly counters: Counters = zeroCounters();
  readonly halves = new HalfStorage();
  private readonly internals: Internals;
  private readonly pipelines = new Map<string, GPUComputePipeline>();
  private readonly uniforms = new Map<string, GPUBuffer>();
  private readonly parts = new WeakMap<tf.DataId, Span>();
  private recorded: RecordedCommand[] | undefined;

  readonly tuner: Tuner;

  /** software: the adapter computes on the CPU. */
  constructor(
    backend: WebGPUBackend,
    readonly software: boolean,
    makeTuner: (gpu: Gpu) => Tuner,
  ) {
    this.tuner = makeTuner(this);
    this.internals = backend as unknown as Internals;
    this.device = this.internals.device;
    this.pool = new BufferPool(this.device);
    this.internals.bufferManager = this.pool;
    const runProgram = this.internals.runWebGPUProgram.bind(backend);
    this.internals.runWebGPUProgram = (program, inputs, ...rest) => {
      const name = program.constructor.name;
      if (this.recorded) throw new Error(`The tfjs kernel ${name} can't be part of a recording.`);
      if (inputs.some((input) => this.parts.has(input.dataId) || this.halves.has(input)))
        throw new Error(`The tfjs kernel ${name} can't read a part of an arena, or half precision.`);
      this.counters.dispatches++;
      return runProgram(program, inputs, ...rest);
    };
    const submit = this.internals.submitQueue.bind(backend);
    this.internals.submitQueue = () => {
      this.counters.submits++;
      submit();
    };
  }

  /** A tensor for a kernel to write, float32 unless told. Its values are undefined until then. */
  empty(shape: readonly number[], dtype: tf.DataType = 'float32'): tf.TensorInfo {
    return this.internals.makeTensorInfo([...shape], dtype);
  }

  /** The same for what lies between layers: in half precision where the step asks for it. */
  activation(shape: readonly number[]): tf.TensorInfo {
    const tensor = this.empty(shape);
    if (this.halves.precision.half) this.halves.add(tensor);
    return tensor;
  }

  /** Gives up a tensor that no tfjs tensor was made of: the partial sums between two dispatches. */
  release(tensor: tf.TensorInfo): void {
    this.internals.disposeData(tensor.dataId);
  }

  /** The tensor as a result of its own: same values, no dispatch. */
  alias(tensor: tf.TensorInfo): tf.TensorInfo {
    this.internals.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape: tensor.shape, dtype: tensor.dtype };
  }

  /** Dispatches are written down and not run. */
  get recording(): boolean {
    return this.recorded !== undefined;
  }

  /** No other tensor has the same values, and it is no part of another one: it may be overwritten when its owner allows it. */
  isExclusive(tensor: tf.TensorInfo): boolean {
    return this.internals.tensorMap.get(tensor.dataId).refCount === 1 && !this.parts.has(tensor.dataId);
  }

  /**
   * Makes a tensor a part of another one, whose values it has from then on; what it had is given up. offset in bytes, a multiple
   * of 256. Our kernels, copies and reads follow; tfjs's own kernels don't know of parts and refuse such a tensor.
   */
  makePart(tensor: tf.TensorInfo, whole: tf.TensorInfo, offset: number): void {
    const data = this.internals.tensorMap.get(tensor.dataId);
    const { buffer } = this.span(whole);
    if (data.resource) {
      // Commands that read the old buffer may wait for their submit.
      this.flush();
      this.pool.releaseBuffer(data.resource);
    }
    Object.assign(data, { values: null, resource: null });
    this.parts.set(tensor.dataId, { buffer, offset, size: this.bytesOf(tensor) });
  }

  /** Bytes in memory; storage is bound in steps of 4. */
  private bytesOf(tensor: tf.TensorInfo): number {
    const size = tf.util.sizeFromShape(tensor.shape);
    return this.halves.has(tensor) ? 4 * Math.ceil(size / 2) : 4 * size;
  }

  /** Where a tensor lies; what is on the CPU is uploaded first. */
  private span(tensor: tf.TensorInfo): Span {
    return this.parts.get(tensor.dataId) ?? { buffer: this.bufferOf(tensor), offset: 0, size: this.bytesOf(tensor) };
  }

  private bufferOf(tensor: tf.TensorInfo): GPUBuffer {
    const data = this.internals.tensorMap.get(tensor.dataId);
    if (!data.resource && this.halves.has(tensor)) {
      // tfjs would make it of the size of its float32.
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
      data.resource = this.pool.acquireBuffer(this.bytesOf(tensor), usage);
    }
    if (!data.resource) {
      if (data.values) this.counters.uploadBytes += this.bytesOf(tensor);
      this.internals.uploadToGPU(tensor.dataId);
    }
    return data.resource as GPUBuffer;
  }

  /** Says that a tensor was rewritten in place: values read from it earlier are stale. */
  private touch(tensor: tf.TensorInfo): void {
    this.internals.tensorMap.get(tensor.dataId).values = null;
  }

  /** Runs a kernel, or writes it down while recording. */
  dispatch<
    T extends Readonly<Record<string, TensorSpec>>,
    U extends Readonly<Record<string, UniformType>>,
    C extends string,
  >(kernel: Kernel<T, U, C>, { tensors, uniforms: values, constants, threads }: Call<T, U, C>): void {
    const bound = boundTensors(kernel, tensors as Readonly<Record<string, tf.TensorInfo | undefined>>);
    const half = new Set(bound.flatMap(({ tensor }, binding) => (this.halves.has(tensor) ? [binding] : [])));
    const compiledWith = kernel.constants.map((name) => constants[name]).join();
    // Optional tensors are told apart by the names of those that are there, half precision by their numbers.
    const key = `${kernel.name} ${bound.map(({ name }) => name).join()} ${compiledWith} ${[...half].join()}`;
    const text = () => shaderText(kernel as Kernel, bound, half, constants);
    const buffers = bound.map(({ tensor }) => this.span(tensor));
    for (const { spec, tensor } of bound) if (writes(spec)) this.touch(tensor);
    const uniforms = this.uniformBuffer(packUniforms(kernel as Kernel, values));
    const workgroups = grid(threads);
    if (this.recorded) {
      const code = this.pipelines.has(key) ? '' : text();
      this.recorded.push({ kind: 'dispatch', name: kernel.name, key, code, buffers, uniforms, workgroups });
      return;
    }
    const pipeline = this.pipeline(key, text);
    const group = this.bindGroup(pipeline, buffers, uniforms);
    const internals = this.internals;
    for (const { tensor } of bound) internals.commandQueueOwnedIds.add(tensor.dataId);
    internals.ensureCommandEncoderReady();
    internals.computePassEncoder ??= (internals.commandEncoder as GPUCommandEncoder).beginComputePass();
    internals.computePassEncoder.setPipeline(pipeline);
    internals.computePassEncoder.setBindGroup(0, group);
    internals.computePassEncoder.dispatchWorkgroups(...workgroups);
    this.counters.dispatches++;
    for (const { size } of buffers) this.counters.boundBytes += size;
    if (++internals.dispatchCountInPass >= tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) this.flush();
  }

  /** Copies a tensor's bytes into a place of another. Offsets in bytes, multiples of 4. */
  copy(from: tf.TensorInfo, to: tf.TensorInfo, { fromOffset = 0, toOffset = 0, size = this.bytesOf(from) } = {}): void {
    const source = this.span(from);
    const target = this.span(to);
    const place = {
      from: source.buffer,
      fromOffset: source.offset + fromOffset,
      to: target.buffer,
      toOffset: target.offset + toOffset,
      size,
    };
    this.touch(to);
    if (this.recorded) {
      this.recorded.push({ kind: 'copy', ...place });
      return;
    }
    this.internals.ensureCommandEncoderReady();
    this.internals.endComputePassEncoder();
    const encoder = this.internals.commandEncoder as GPUCommandEncoder;
    encoder.copyBufferToBuffer(place.from, place.fromOffset, place.to, place.toOffset, size);
    for (const { dataId } of [from, to]) this.internals.commandQueueOwnedIds.add(dataId);
  }

  /** Fills a tensor with zeros, now. */
  clear(tensor: tf.TensorInfo): void {
    this.internals.ensureCommandEncoderReady();
    this.internals.endComputePassEncoder();
    (this.internals.commandEncoder as GPUCommandEncoder).clearBuffer(this.bufferOf(tensor));
  }

  /** The values of a tensor after everything submitted so far, read without making anybody wait. */
  async read(tensor: tf.TensorInfo): Promise<Float32Array<ArrayBuffer>> {
    const { buffer, offset, size } = this.span(tensor);
    const staging = this.pool.acquireBuffer(size, GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
    this.flush();
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
    this.device.queue.submit([encoder.finish()]);
    this.counters.submits++;
    await staging.mapAsync(GPUMapMode.READ);
    const values = new Float32Array(staging.getMappedRange().slice(0));
    staging.unmap();
    this.pool.releaseBuffer(staging);
    return values;
  }

  /** Submits what was encoded so far. */
  flush(): void {
    this.internals.endComputePassEncoder();
    if (this.internals.commandEncoder) this.internals.submitQueue();
  }

  /** Overwrites a tensor, in queue order: after everything submitted, before everything that is not. */
  write(
    tensor: tf.TensorInfo,
    values: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>,
  ): void {
    this.flush();
    this.device.queue.writeBuffer(this.bufferOf(tensor), 0, values);
    this.touch(tensor);
    this.counters.uploadBytes += values.byteLength;
  }

  /** Writes down, without running, what fn dispatches. Storage made meanwhile comes from the recording's own arena. */
  record<T>(fn: () => T): { commands: RecordedCommand[]; arena: Arena; result: T } {
    if (this.recorded) throw new Error('A recording is open already.');
    const commands: RecordedCommand[] = [];
    const arena = new Arena(this.device);
    this.pool.arenas.add(arena);
    this.recorded = commands;
    this.pool.arena = arena;
    try {
      return { commands, arena, result: fn() };
    } catch (error) {
      this.releaseArena(arena);
      throw error;
    } finally {
      this.recorded = undefined;
      this.pool.arena = undefined;
      // Uploads of constants were encoded, not recorded.
      this.flush();
    }
  }

  releaseArena(arena: Arena): void {
    arena.destroy();
    this.pool.arenas.delete(arena);
  }

  /** Compiles the pipelines that commands need and that are not there, in parallel. onProgress: done of all. */
  async compile(commands: readonly RecordedCommand[], onProgress?: (done: number, all: number) => void): Promise<void> {
    const missing = new Map<string, string>();
    for (const command of commands) {
      if (command.kind === 'dispatch' && !this.pipelines.has(command.key)) missing.set(command.key, command.code);
    }
    const start = performance.now();
    let done = 0;
    await Promise.all(
      Array.from(missing, async ([key, code]) => {
        const module = this.device.createShaderModule({ label: key, code });
        const pipeline = await this.device.createComputePipelineAsync({
          label: key,
          layout: 'auto',
          compute: { module, entryPoint: 'main' },
        });
        this.pipelines.set(key, pipeline);
        onProgress?.(++done, missing.size);
      }),
    );
    this.counters.pipelines += missing.size;
    this.counters.compileMs += performance.now() - start;
  }

  /** A compiled pipeline; compiles it now if it is not there. */
  pipeline(key: string, code: () => string): GPUComputePipeline {
    const known = this.pipelines.get(key);
    if (known) return known;
    const module = this.device.createShaderModule({ label: key, code: code() });
    const pipeline = this.device.createComputePipeline({
      label: key,
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
    this.pipelines.set(key, pipeline);
    this.counters.pipelines++;
    return pipeline;
  }

  bindGroup(pipeline: GPUComputePipeline, buffers: readonly Span[], uniforms: GPUBuffer | undefined): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = buffers.map((resource, binding) => ({ binding, resource }));
    if (uniforms) entries.push({ binding: entries.length, resource: { buffer: uniforms } });
    return this.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  }

  /** A constant buffer with these bytes, undefined for none; equal ones are shared for good. */
  private uniformBuffer(bytes: ArrayBuffer): GPUBuffer | undefined {
    const size = bytes.byteLength;
    if (size === 0) return undefined;
    const key = new Uint32Array(bytes).join();
    const known = this.uniforms.get(key);
    if (known) return known;
    const buffer = this.device.createBuffer({ size, usage: GPUBufferUsage.UNIFORM, mappedAtCreation: true });
    new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(bytes));
    buffer.unmap();
    this.uniforms.set(key, buffer);
    this.counters.uploadBytes += size;
    return buffer;
  }
}

let current: Gpu | undefined;

/** Makes our kernels run on a backend. */
export function openGpu(backend: WebGPUBackend, software: boolean, makeTuner: (gpu: Gpu) => Tuner): Gpu {
  current = new Gpu(backend, software, makeTuner);
  return current;
}

/** The GPU of the open WebGPU backend; throws where another backend computes. */
export function gpu(): Gpu {
  if (!current) throw new Error('The fused kernels need the WebGPU backend, which is not open.');
  return current;
}
