/**
 * Buffers of the WebGPU backend, in the place of tfjs's buffer manager (whose interface it keeps): counts what is allocated,
 * and gives a recording an arena of its own, in which a buffer is reused as soon as its tensor is disposed.
 */

/** Buffers that belong to one recording. Memory is reused by lifetime, so the arena stays near the live set. */
export class Arena {
  private readonly free: GPUBuffer[] = [];
  private readonly owned = new Set<GPUBuffer>();
  /** Used by the recording, disposed as tensors, kept until the recording goes: constants and inputs. */
  private readonly adopted = new Set<GPUBuffer>();
  bytes = 0;

  constructor(private readonly device: GPUDevice) {}

  owns(buffer: GPUBuffer): boolean {
    return this.owned.has(buffer);
  }

  /** A buffer of at least `size` bytes, best fit: a much larger one would be missed later. */
  acquire(size: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const most = size < 65536 ? 65536 : size * 1.25;
    let best = -1;
    for (const [i, candidate] of this.free.entries()) {
      if (candidate.size < size || candidate.size > most) continue;
      if (best < 0 || candidate.size < (this.free[best] as GPUBuffer).size) best = i;
    }
    if (best >= 0) return this.free.splice(best, 1)[0] as GPUBuffer;
    const buffer = this.device.createBuffer({ size, usage });
    this.owned.add(buffer);
    this.bytes += size;
    return buffer;
  }

  release(buffer: GPUBuffer): void {
    this.free.push(buffer);
  }

  adopt(buffer: GPUBuffer): void {
    this.adopted.add(buffer);
    this.bytes += buffer.size;
  }

  destroy(): void {
    for (const buffer of [...this.owned, ...this.adopted]) buffer.destroy();
    this.owned.clear();
    this.adopted.clear();
    this.bytes = 0;
  }
}

const keyOf = (size: number, usage: number) => `${size}/${usage}`;

/** Storage is bound in steps of 4 bytes and read as vec4. */
const rounded = (size: number) => Math.max(16, Math.ceil(size / 4) * 4);

export class BufferPool {
  private readonly free = new Map<string, GPUBuffer[]>();
  private readonly used = new Set<GPUBuffer>();
  /** While set, new storage comes from this arena. */
  arena: Arena | undefined;
  /** Arenas of recordings that live on. */
  readonly arenas = new Set<Arena>();
  numBytesUsed = 0;
  numBytesAllocated = 0;
  peakBytes = 0;

  constructor(private readonly device: GPUDevice) {}

  acquireBuffer(size: number, usage: GPUBufferUsageFlags, mappedAtCreation = false, reuse = true): GPUBuffer {
    const storage = (usage & GPUBufferUsage.STORAGE) !== 0;
    if (this.arena && storage && !mappedAtCreation) {
      const buffer = this.arena.acquire(rounded(size), usage);
      this.notePeak();
      return buffer;
    }
    const free = reuse ? this.free.get(keyOf(size, usage))?.pop() : undefined;
    const buffer = free ?? this.device.createBuffer({ size, usage, mappedAtCreation });
    if (!free) this.numBytesAllocated += size;
    this.used.add(buffer);
    this.numBytesUsed += size;
    this.notePeak();
    return buffer;
  }

  releaseBuffer(buffer: GPUBuffer, reuse = true): void {
    for (const arena of this.arenas) {
      if (!arena.owns(buffer)) continue;
      // Once the recording stands its buffers are its own, whatever tensors still point at them.
      if (arena === this.arena) arena.release(buffer);
      return;
    }
    if (!this.used.delete(buffer)) return;
    this.numBytesUsed -= buffer.size;
    if (this.arena && (buffer.usage & GPUBufferUsage.STORAGE) !== 0) {
      // A constant of the recording: it must not be overwritten by whoever comes next.
      this.numBytesAllocated -= buffer.size;
      this.arena.adopt(buffer);
    } else if (reuse) {
      const key = keyOf(buffer.size, buffer.usage);
      const list = this.free.get(key);
      if (list) list.push(buffer);
      else this.free.set(key, [buffer]);
    } else {
      this.numBytesAllocated -= buffer.size;
      buffer.destroy();
    }
  }

  /** Bytes of buffers in use: tensors outside recordings, and the recordings' arenas. */
  get liveBytes(): number {
    return this.numBytesUsed + this.arenaBytes;
  }

  private get arenaBytes(): number {
    let bytes = 0;
    for (const arena of this.arenas) bytes += arena.bytes;
    return bytes;
  }

  private notePeak(): void {
    this.peakBytes = Math.max(this.peakBytes, this.numBytesAllocated + this.arenaBytes);
  }

  /** Gives the buffers that nobody uses back to the device. */
  trim(): void {
    for (const list of this.free.values()) {
      for (const buffer of list) {
        this.numBytesAllocated -= buffer.size;
        buffer.destroy();
      }
    }
    this.free.clear();
  }

  dispose(): void {
    this.trim();
    for (const buffer of this.used) buffer.destroy();
    for (const arena of this.arenas) arena.destroy();
    this.used.clear();
    this.arenas.clear();
    this.numBytesUsed = 0;
    this.numBytesAllocated = 0;
  }
}
