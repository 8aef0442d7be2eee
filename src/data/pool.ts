/**
 * The pool of data workers. Nested in the trainer's worker, so that pixels never pass through the page. Jobs are pure: a worker
 * that dies, with or without a word, is replaced, and its jobs are done again with the same result.
 */
import type { DecodeJob, DecodeResult, FromDataWorker, ToDataWorker } from './types';

/** A job as the loader gives it: encoded images that may be views of a shard; they are copied. */
export type PoolJob = Omit<DecodeJob, 'id' | 'encoded' | 'offsets'> & { images: readonly Uint8Array[] };

export interface DataPool {
  readonly size: number;
  /** Decodes and augments on worker number `worker`. */
  run(worker: number, job: PoolJob): Promise<DecodeResult>;
  /** Drops the decoded images that are kept for a source. */
  forget(source: string): void;
  close(): void;
}

export interface PoolOptions {
  /** A worker with work that says nothing for so many milliseconds is taken for dead. */
  silentMs?: number;
  start?: () => Worker;
}

/** More workers than this only wait for the GPU. */
const MAX_WORKERS = 8;
/** The largest image that is taken is decoded in a few seconds; a busy machine may need several times as long. */
const SILENT_MS = 30_000;
/** Until a worker has said its first word its script may still be on its way. */
const STARTING = 3;
/** A job that has cost so many workers would cost the next one too. */
const TRIES = 4;

/** One worker per core that the page and the trainer leave free. */
function spareCores(): number {
  return Math.min(MAX_WORKERS, Math.max(1, (navigator.hardwareConcurrency || 2) - 1));
}

/** Encoded images as one buffer, so that one transfer carries a job. */
function pack(images: readonly Uint8Array[]): { encoded: Uint8Array<ArrayBuffer>; offsets: number[] } {
  const offsets = [0];
  for (const image of images) offsets.push((offsets.at(-1) as number) + image.length);
  const encoded = new Uint8Array(offsets.at(-1) as number);
  images.forEach((image, i) => {
    encoded.set(image, offsets[i]);
  });
  return { encoded, offsets };
}

const startWorker = () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });

interface Waiting {
  job: PoolJob;
  tries: number;
  resolve: (result: DecodeResult) => void;
  reject: (error: Error) => void;
}

/** A place in the pool: one worker after the other, should they die. */
class Place {
  private worker: Worker | undefined;
  /** Oldest first: the worker does them in this order. */
  private readonly waiting = new Map<number, Waiting>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private spoke = false;

  constructor(private readonly options: Required<PoolOptions>) {
    this.begin();
  }

  add(id: number, waiting: Waiting): void {
    this.waiting.set(id, waiting);
    if (!this.worker) this.begin();
    this.post(id, waiting.job);
    if (this.waiting.size === 1) this.watch();
  }

  forget(source: string): void {
    this.worker?.postMessage({ type: 'forget', source } satisfies ToDataWorker);
  }

  close(error: Error): void {
    this.end();
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  private begin(): void {
    const worker = this.options.start();
    worker.onmessage = ({ data }: MessageEvent<FromDataWorker>) => {
      this.spoke = true;
      if (!('alive' in data)) this.finish(data);
      this.watch();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.replace(event.message || 'its script could not be loaded');
    };
    this.spoke = false;
    this.worker = worker;
  }

  private end(): void {
    clearTimeout(this.timer);
    if (!this.worker) return;
    this.worker.onmessage = this.worker.onerror = null;
    this.worker.terminate();
    this.worker = undefined;
  }

  private finish(result: DecodeResult): void {
    const done = this.waiting.get(result.id);
    this.waiting.delete(result.id);
    if (result.error) done?.reject(new Error(`Preparing images failed: ${result.error}`));
    else done?.resolve(result);
  }

  /** Gives the worker its time anew, if it has work. */
  private watch(): void {
    clearTimeout(this.timer);
    if (this.waiting.size === 0) return;
    const ms = this.options.silentMs * (this.spoke ? 1 : STARTING);
    this.timer = setTimeout(() => this.replace(`it said nothing for ${Math.round(ms / 1000)} s`), ms);
  }

  /** Another worker does what this one did not. Its first job is the suspect. */
  private replace(why: string): void {
    this.end();
    const [first] = this.waiting;
    if (first && ++first[1].tries > TRIES) {
      this.waiting.delete(first[0]);
      const images = first[1].job.sampleIndex.length;
      first[1].reject(
        new Error(
          `A data worker failed ${TRIES} times at the same ${images} images: ${why}. Too little memory does it, or a browser that blocks workers; fewer data workers or a smaller batch may help.`,
        ),
      );
    }
    // Without work there is no haste, and a script that can't be loaded would be asked for without end.
    if (this.waiting.size === 0) return;
    this.begin();
    for (const [id, { job }] of this.waiting) this.post(id, job);
    this.watch();
  }

  private post(id: number, { images, ...job }: PoolJob): void {
    const packed = pack(images);
    const message: ToDataWorker = { type: 'decode', id, ...job, ...packed };
    this.worker?.postMessage(message, [packed.encoded.buffer]);
  }
}

/** Starts the workers; count 0 = one per spare core. The count changes no result. */
export function openPool(count = 0, options: PoolOptions = {}): DataPool {
  const asked = { silentMs: SILENT_MS, start: startWorker, ...options };
  const places = Array.from({ length: count || spareCores() }, () => new Place(asked));
  let nextId = 0;
  let closed: Error | undefined;
  return {
    size: places.length,
    run: (worker, job) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(closed);
        (places[worker % places.length] as Place).add(nextId++, { job, tries: 1, resolve, reject });
      }),
    forget: (source) => {
      for (const place of places) place.forget(source);
    },
    close: () => {
      closed = new Error('The data loader is closed.');
      for (const place of places) place.close(closed);
    },
  };
}
