/** Gathers what a validation says of its images, within a limit, for the page to look into. */
import type { Predictions } from '../core/results';
import { rng } from '../core/rng';
import type { Batch } from '../data/types';

/** Logits that a run keeps: 16 MiB of float32, all images of the built-in datasets, 4,194 images of 1,000 classes. */
const MOST_LOGITS = 2 ** 22;
/** Fixed: every run keeps the same images, so that two runs can be compared. */
const KEPT_SEED = 0x1007;

export interface Gathering {
  /** For evaluate(); batches may come in any order. */
  onLogits(logits: Float32Array, batch: Batch): void;
  result(step: number): Predictions;
}

export interface GatheringOptions {
  split: string;
  /** Names, by label. */
  classes: string[];
  /** Images that are validated. */
  samples: number;
  /** Images of a whole batch: gives each image its place. */
  batchSize: number;
  /** Limit on rows x classes. */
  most?: number;
}

/** The places that are kept, ascending: all of them, or a fixed choice. */
function keptPlaces(samples: number, rows: number): Uint32Array<ArrayBuffer> {
  if (samples <= rows) return Uint32Array.from({ length: samples }, (_, place) => place);
  return Uint32Array.from(rng(KEPT_SEED, 'predictions').permutation(samples).subarray(0, rows)).sort();
}

export function gatherPredictions(options: GatheringOptions): Gathering {
  const { split, classes, samples, batchSize, most = MOST_LOGITS } = options;
  const width = classes.length;
  const places = keptPlaces(samples, Math.max(1, Math.floor(most / width)));
  const rowOf = new Map(Array.from(places, (place, row) => [place, row]));
  const logits = new Float32Array(places.length * width);
  const labels = new Int32Array(places.length);
  const keys = new Array<string | undefined>(places.length);
  let images = 0;
  return {
    onLogits(values, batch) {
      images += batch.count;
      for (let i = 0; i < batch.count; i++) {
        const row = rowOf.get(batch.index * batchSize + i);
        if (row === undefined) continue;
        logits.set(values.subarray(i * width, (i + 1) * width), row * width);
        labels[row] = batch.labels[i] as number;
        keys[row] = batch.keys[i];
      }
    },
    result(step) {
      // Damaged images are left out of their batch: the places at its end have nothing.
      const rows = [...keys.keys()].filter((row) => keys[row] !== undefined);
      const all = rows.length === places.length;
      return {
        step,
        split,
        classes,
        images,
        logits: all
          ? logits
          : Float32Array.from(rows.flatMap((row) => [...logits.subarray(row * width, (row + 1) * width)])),
        labels: all ? labels : Int32Array.from(rows, (row) => labels[row] as number),
        places: all ? places : Uint32Array.from(rows, (row) => places[row] as number),
        keys: rows.map((row) => keys[row] as string),
      };
    },
  };
}
