/** A data worker: encoded samples in, augmented pixels out. It holds no state that changes a result. */
import { messageOf } from '../core/message';
import { applyOps, evaluationOps } from './augment';
import { decodeRgb } from './decode';
import { planSample } from './plan';
import type { DecodeJob, DecodeResult, DecodeSign, RgbImage, ToDataWorker } from './types';

/** Decoded images that this worker keeps: small data sets are then decoded once, not once an epoch. */
const KEPT_BYTES = 64 * 2 ** 20;
/** Images in the browser's decoder at a time. */
const CONCURRENT = 8;
/** Milliseconds between two signs of life. */
const SIGN_EVERY = 1000;

const kept = new Map<string, Map<number, RgbImage>>();
let keptBytes = 0;

async function decoded(job: DecodeJob, slot: number): Promise<RgbImage> {
  const sample = job.sampleIndex[slot] as number;
  const known = kept.get(job.source)?.get(sample);
  if (known) return known;
  const image = await decodeRgb(job.encoded.subarray(job.offsets[slot], job.offsets[slot + 1]));
  // First come, first kept: epochs visit everything in turn, so that evicting the oldest would evict what comes next.
  if (keptBytes + image.data.length <= KEPT_BYTES) {
    const images = kept.get(job.source) ?? new Map<number, RgbImage>();
    kept.set(job.source, images.set(sample, image));
    keptBytes += image.data.length;
  }
  return image;
}

function forget(source: string): void {
  for (const image of kept.get(source)?.values() ?? []) keptBytes -= image.data.length;
  kept.delete(source);
}

async function decode(job: DecodeJob): Promise<DecodeResult> {
  const { size } = job.recipe;
  const bytes = size * size * 3;
  const pixels = new Uint8Array(job.sampleIndex.length * bytes);
  const failures: DecodeResult['failures'] = [];
  let next = 0;
  let said = performance.now();
  const sayAlive = () => {
    if (performance.now() - said < SIGN_EVERY) return;
    said = performance.now();
    scope.postMessage({ id: job.id, alive: true } satisfies DecodeSign);
  };
  const lane = async () => {
    while (next < job.sampleIndex.length) {
      const slot = next++;
      sayAlive();
      let image: RgbImage;
      try {
        image = await decoded(job, slot);
      } catch (error) {
        failures.push({ sample: slot, message: messageOf(error) });
        continue;
      }
      const { width, height } = image;
      const ops = job.training
        ? planSample(job.recipe, job.seed, job.epoch, job.sampleIndex[slot] as number, width, height)
        : evaluationOps(width, height, size);
      pixels.set(applyOps(image, ops).data, slot * bytes);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, lane));
  return { id: job.id, pixels, failures };
}

const scope = self as unknown as DedicatedWorkerGlobalScope;

// Jobs one after the other, so that the earliest batch is ready first.
let queue = Promise.resolve();
scope.onmessage = ({ data }: MessageEvent<ToDataWorker>) => {
  queue = queue.then(async () => {
    if (data.type === 'forget') return forget(data.source);
    try {
      const result = await decode(data);
      scope.postMessage(result, [result.pixels.buffer]);
    } catch (error) {
      const message = messageOf(error);
      scope.postMessage({
        id: data.id,
        pixels: new Uint8Array(0),
        failures: [],
        error: message,
      } satisfies DecodeResult);
    }
  });
};
