/** The pool of data workers. Nested in the trainer's worker, so that pixels never pass through the page. */
import type { DecodeJob, DecodeResult, ToDataWorker } from './types';

export interface DataPool {
  readonly size: number;
  /** Decodes and augments on worker number `worker`. The job's encoded bytes are transferred. */
  run(worker: number, job: Omit<DecodeJob, 'id'>): Promise<DecodeResult>;
  /** Drops the decoded images that are kept for a source. */
  forget(source: string): void;
  close(): void;
}

/** More workers than this only wait for the GPU. */
const MAX_WORKERS = 8;

/** One worker per core that the page and the trainer leave free. */
export function spareCores(): number {
  return Math.min(MAX_WORKERS, Math.max(1, (navigator.hardwareConcurrency || 2) - 1));
}

/** Encoded images as one buffer, so that one transfer carries a job. */
export function pack(images: readonly Uint8Array[]): { encoded: Uint8Array<ArrayBuffer>; offsets: number[] } {
  const offsets = [0];
  for (const image of images) offsets.push((offsets.at(-1) as number) + image.length);
  const encoded = new Uint8Array(offsets.at(-1) as number);
  images.forEach((image, i) => {
    encoded.set(image, offsets[i]);
  });
  return { encoded, offsets };
}

/** Starts the workers; count 0 = one per spare core. The count changes no result. */
export function openPool(count = 0): DataPool {
  const waiting = new Map<number, { resolve: (result: DecodeResult) => void; reject: (error: Error) => void }>();
  let nextId = 0;
  let dead: Error | undefined;
  const stop = (error: Error) => {
    dead ??= error;
    for (const { reject } of waiting.values()) reject(dead);
    waiting.clear();
  };
  const workers = Array.from({ length: count || spareCores() }, () => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<DecodeResult>) => {
      const job = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.error) job?.reject(new Error(`Preparing images failed: ${data.error}`));
      else job?.resolve(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      stop(new Error(`A data worker failed: ${event.message || 'its script could not be loaded'}.`));
    };
    return worker;
  });
  const post = (worker: number, message: ToDataWorker, transfer: Transferable[] = []) =>
    (workers[worker % workers.length] as Worker).postMessage(message, transfer);
  return {
    size: workers.length,
    run: (worker, job) =>
      new Promise((resolve, reject) => {
        if (dead) return reject(dead);
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        post(worker, { type: 'decode', id, ...job }, [job.encoded.buffer]);
      }),
    forget: (source) => {
      for (let worker = 0; worker < workers.length; worker++) post(worker, { type: 'forget', source });
    },
    close: () => {
      for (const worker of workers) worker.terminate();
      stop(new Error('The data loader is closed.'));
    },
  };
}
