/** Finished runs put into the page's own store, so that pictures and tests of the runs table need no training. */
import type { Page } from '@playwright/test';
import type { OptionValue } from '../../src/catalog/define';
import type { EvalMetrics, Predictions } from '../../src/core/results';
import { experimentWith } from '../../src/experiment/schema';
import { runName } from '../../src/runs/names';
import type { Run } from '../../src/runs/run';
import { type Column, columns } from '../../src/runs/series';

/** How a made-up run went: it falls from ln 10 to `floor` and ends at `top1`; an average of its weights is better by `gain`. */
export interface Course {
  keys: Record<string, OptionValue>;
  updates: number;
  floor: number;
  top1: number;
  gain?: number;
  state?: Run['state'];
  message?: string;
  /** Not drawn in the charts. */
  hidden?: boolean;
  /** How far its logits lie apart: large for a network that is sure. Absent: no predictions are kept. */
  sureness?: number;
  /** Of its predictions; absent: those of the dataset. */
  classes?: string[];
}

const UPDATES_PER_EPOCH = 100;
const IMAGES_PER_UPDATE = 32;

/** Repeatable noise in [-1, 1]: the old shader hash, good enough for a picture. */
function ripple(n: number): number {
  const wave = Math.sin(n * 12.9898) * 43758.5453;
  return 2 * (wave - Math.floor(wave)) - 1;
}

const CLASSES = 'T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot'.split(',');
const IMAGES = 400;

/** Predictions as plain arrays, for the way into the page; keys and places are those of the dataset's first images. */
function predictionsOf(number: number, sureness: number, step: number, classes: string[]) {
  const labels = Array.from({ length: IMAGES }, (_, i) => i % classes.length);
  const logits = labels.flatMap((label, i) =>
    classes.map((_, c) => {
      // Shirts look like T-shirts, pullovers and coats.
      const alike = label === 6 && [0, 2, 4].includes(c) ? 0.45 : 0;
      return sureness * ((c === label ? 0.75 : alike) + 0.5 * ripple(i * 31 + c * 7 + number));
    }),
  );
  const places = labels.map((_, i) => i);
  const keys = places.map((place) => String(60_000 + place).padStart(8, '0'));
  return { step, split: 'validation', classes, images: IMAGES, logits, labels, places, keys };
}

function stored(
  number: number,
  {
    keys,
    updates,
    floor,
    top1,
    gain,
    state = 'finished',
    message,
    sureness,
    hidden = false,
    classes = CLASSES,
  }: Course,
) {
  const experiment = experimentWith(keys);
  const steps = Object.fromEntries(columns.map((name) => [name, [] as number[]])) as Record<Column, number[]>;
  const evaluations: EvalMetrics[] = [];
  const lossAt = (share: number) => floor + (Math.LN10 - floor) * Math.exp(-4.5 * share);
  const topAt = (share: number) => 0.1 + (top1 - 0.1) * (1 - Math.exp(-5 * share));
  for (let step = 1; step <= updates; step++) {
    const share = step / updates;
    const row: Record<Column, number> = {
      step,
      epoch: step / UPDATES_PER_EPOCH,
      images: step * IMAGES_PER_UPDATE,
      timeMs: 2500 + step * 210,
      loss: lossAt(share) + 0.16 * ripple(step + number * 97),
      top1: Math.min(1, Math.max(0, topAt(share) + 0.07 * ripple(step * 1.7 + number))),
      top5: Math.min(1, topAt(share) + 0.1),
      lr: 0.05 * (1 + Math.cos(Math.PI * share)),
      imagesPerSecond: 152 + 9 * ripple(step * 0.31 + number),
      dataWaitMs: 1,
    };
    for (const name of columns) steps[name].push(row[name]);
    if (step % UPDATES_PER_EPOCH === 0 || step === updates) {
      const { epoch, timeMs } = row;
      const good = topAt(share) - 0.02;
      const at = { step, epoch, timeMs, split: 'validation', top5: Math.min(0.998, good + 0.12) };
      evaluations.push({ ...at, loss: lossAt(share) + 0.05, top1: good });
      if (gain) evaluations.push({ ...at, averaged: true, loss: lossAt(share) + 0.05 - gain, top1: good + gain });
    }
  }
  const last = evaluations.findLast(({ averaged }) => !averaged);
  const average = evaluations.findLast(({ averaged }) => averaged);
  const run: Run = {
    id: `stored-${number}`,
    number,
    name: runName(number),
    color: number,
    experiment,
    created: Date.UTC(2026, 0, 1) + number * 3_600_000,
    state,
    ...(message && { message }),
    adapter: {
      backend: 'webgpu',
      vendor: 'google',
      architecture: 'swiftshader',
      description: 'SwiftShader Device',
      software: true,
      features: [],
      fallbackReason: '',
    },
    parameters: 21_658,
    stepsPerEpoch: UPDATES_PER_EPOCH,
    totalSteps: state === 'finished' ? updates : updates * 2,
    hidden,
    ...(sureness !== undefined && { predictedAt: updates }),
    summary: {
      step: updates,
      epoch: updates / UPDATES_PER_EPOCH,
      timeMs: 2500 + updates * 210,
      trainLoss: lossAt(1),
      imagesPerSecond: 152,
      ...(last && { validationLoss: last.loss, top1: last.top1, top5: last.top5 }),
      ...(average && { averagedTop1: average.top1 }),
    },
  };
  const predictions = sureness === undefined ? undefined : predictionsOf(number, sureness, updates, classes);
  return { run, chunk: { run: run.id, part: 0, steps, evaluations }, predictions };
}

/** Writes runs of these courses into the store of an opened page and reloads it. */
export async function storeRuns(page: Page, courses: readonly Course[]): Promise<void> {
  await page.evaluate(
    async (all) => {
      const db = await new Promise<IDBDatabase>((resolve, reject) => {
        const asked = indexedDB.open('tricklab');
        asked.onsuccess = () => resolve(asked.result);
        asked.onerror = () => reject(asked.error);
      });
      const change = db.transaction(['runs', 'curves', 'predictions'], 'readwrite');
      for (const { run, chunk, predictions } of all) {
        const steps = Object.fromEntries(
          Object.entries(chunk.steps).map(([name, values]) => [name, Float64Array.from(values)]),
        );
        change.objectStore('runs').put(run);
        change.objectStore('curves').put({ ...chunk, steps });
        if (!predictions) continue;
        const typed: Predictions = {
          ...predictions,
          logits: Float32Array.from(predictions.logits),
          labels: Int32Array.from(predictions.labels),
          places: Uint32Array.from(predictions.places),
        };
        change.objectStore('predictions').put(typed, run.id);
      }
      await new Promise((resolve, reject) => {
        change.oncomplete = resolve;
        change.onerror = () => reject(change.error);
      });
      db.close();
    },
    courses.map((course, number) => stored(number, course)),
  );
  await page.reload();
}
