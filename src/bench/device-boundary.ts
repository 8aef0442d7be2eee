/** Counts what crosses the boundary to the GPU, whoever trains, by wrapping the WebGPU interfaces of this worker. */

export interface Traffic {
  dispatches: number;
  submits: number;
  /** Bytes written by the queue or through buffers that are mapped at creation. */
  uploadBytes: number;
  /** Bytes of all buffers bound by all dispatches. */
  boundBytes: number;
  /** Compute pipelines made. */
  pipelines: number;
}

/** Arguments of a submit without commands. */
const nothingToSubmit: [GPUCommandBuffer[]] = [[]];

export interface DeviceWatch {
  /** Since the last restart. */
  readonly traffic: Readonly<Traffic>;
  /** Most bytes of buffers at one time, since the watch began. */
  readonly peakBytes: number;
  restart(): void;
}

const nothing = (): Traffic => ({ dispatches: 0, submits: 0, uploadBytes: 0, boundBytes: 0, pipelines: 0 });

type Method = (...args: never[]) => unknown;
type MethodOf<T, K extends keyof T> = Extract<T[K], Method>;

/** Runs `before` with the arguments of each call; what it returns, if anything, takes their place. */
function wrap<T extends object, K extends keyof T>(
  prototype: T,
  name: K,
  before: (self: T, ...args: Parameters<MethodOf<T, K>>) => Parameters<MethodOf<T, K>> | undefined,
  after?: (result: ReturnType<MethodOf<T, K>>, ...args: Parameters<MethodOf<T, K>>) => void,
): void {
  const native = prototype[name] as MethodOf<T, K>;
  prototype[name] = function (this: T, ...args: Parameters<MethodOf<T, K>>) {
    const used = before(this, ...args) ?? args;
    const result = native.apply(this, used as never[]) as ReturnType<MethodOf<T, K>>;
    after?.(result, ...args);
    return result;
  } as T[K];
}

function boundBytes(resource: GPUBindingResource): number {
  if (resource instanceof GPUBuffer) return resource.size;
  if (!('buffer' in resource)) return 0;
  return resource.size ?? resource.buffer.size - (resource.offset ?? 0);
}

function writtenBytes(data: AllowSharedBufferSource, offset = 0, size?: number): number {
  const unit = 'BYTES_PER_ELEMENT' in data ? (data.BYTES_PER_ELEMENT as number) : 1;
  return size === undefined ? data.byteLength - offset * unit : size * unit;
}

/**
 * Watches all devices of this worker for good. With execute off all is encoded, and what is submitted is dropped: a step costs its
 * JavaScript and its uploads, and its results are worthless.
 */
export function watchDevices({ execute }: { execute: boolean }): DeviceWatch {
  let traffic = nothing();
  let liveBytes = 0;
  let peakBytes = 0;
  const groupBytes = new WeakMap<GPUBindGroup, number>();
  const passBytes = new WeakMap<GPUComputePassEncoder, number[]>();
  const destroyed = new WeakSet<GPUBuffer>();

  wrap(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', (pass) => {
    traffic.dispatches++;
    for (const bytes of passBytes.get(pass) ?? []) traffic.boundBytes += bytes ?? 0;
    return undefined;
  });
  wrap(GPUComputePassEncoder.prototype, 'setBindGroup', (pass, index, group) => {
    const bytes = passBytes.get(pass) ?? [];
    bytes[index] = group ? (groupBytes.get(group) ?? 0) : 0;
    passBytes.set(pass, bytes);
    return undefined;
  });
  wrap(
    GPUDevice.prototype,
    'createBindGroup',
    () => undefined,
    (group, { entries }) => {
      groupBytes.set(
        group,
        Array.from(entries).reduce((sum, { resource }) => sum + boundBytes(resource), 0),
      );
    },
  );
  wrap(GPUDevice.prototype, 'createBuffer', (_device, { size, mappedAtCreation }) => {
    if (mappedAtCreation) traffic.uploadBytes += size;
    liveBytes += size;
    peakBytes = Math.max(peakBytes, liveBytes);
    return undefined;
  });
  wrap(GPUBuffer.prototype, 'destroy', (buffer) => {
    if (!destroyed.has(buffer)) liveBytes -= buffer.size;
    destroyed.add(buffer);
    return undefined;
  });
  wrap(GPUQueue.prototype, 'submit', () => {
    traffic.submits++;
    return execute ? undefined : nothingToSubmit;
  });
  wrap(GPUQueue.prototype, 'writeBuffer', (_queue, _buffer, _at, data, offset, size) => {
    traffic.uploadBytes += writtenBytes(data, offset, size);
    return undefined;
  });
  for (const name of ['createComputePipeline', 'createComputePipelineAsync'] as const) {
    wrap(GPUDevice.prototype, name, () => {
      traffic.pipelines++;
      return undefined;
    });
  }

  return {
    get traffic() {
      return traffic;
    },
    get peakBytes() {
      return peakBytes;
    },
    restart() {
      traffic = nothing();
    },
  };
}
