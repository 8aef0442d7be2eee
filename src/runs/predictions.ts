/** What a run's predictions say: where it errs, how sure it is, and what a threshold on its probabilities is worth. */
import type { Predictions } from '../core/results';

/** A run's predictions, worked out: softmax probabilities and the class that each image is taken for. */
export interface Judged extends Predictions {
  rows: number;
  /** Softmax of the logits, [rows, classes]. */
  probabilities: Float32Array;
  /** Class of the largest logit, the first of equals, [rows]. */
  guesses: Int32Array;
  /** -log of the probability of the true class, [rows]. */
  losses: Float32Array;
}

export function judge(predictions: Predictions): Judged {
  const { logits, labels, classes } = predictions;
  const width = classes.length;
  const rows = labels.length;
  const probabilities = new Float32Array(rows * width);
  const guesses = new Int32Array(rows);
  const losses = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = row * width;
    let best = 0;
    for (let c = 1; c < width; c++) if ((logits[from + c] as number) > (logits[from + best] as number)) best = c;
    const largest = logits[from + best] as number;
    let sum = 0;
    for (let c = 0; c < width; c++) sum += Math.exp((logits[from + c] as number) - largest);
    for (let c = 0; c < width; c++) probabilities[from + c] = Math.exp((logits[from + c] as number) - largest) / sum;
    guesses[row] = best;
    // From the logits: a probability that has underflowed has no logarithm.
    losses[row] = Math.log(sum) + largest - (logits[from + (labels[row] as number)] as number);
  }
  return { ...predictions, rows, probabilities, guesses, losses };
}

/** Probability of the class that an image is taken for. */
export const confidence = ({ probabilities, guesses, classes }: Judged, row: number): number =>
  probabilities[row * classes.length + (guesses[row] as number)] as number;

// ---- confusion ---------------------------------------------------------------------------------------------------------

/** Images by true class (row) and guess (column), [classes, classes]. */
export function confusion({ labels, guesses, classes }: Judged): Uint32Array {
  const width = classes.length;
  const counts = new Uint32Array(width * width);
  for (let row = 0; row < labels.length; row++) {
    const cell = (labels[row] as number) * width + (guesses[row] as number);
    counts[cell] = (counts[cell] as number) + 1;
  }
  return counts;
}

export interface ConfusedPair {
  truth: number;
  guess: number;
  images: number;
  /** Of the images of the true class, in [0, 1]. */
  share: number;
}

/** The pairs of classes that are taken for each other most often, most images first; at most `most`. */
export function mostConfused(counts: Uint32Array, classes: number, most: number): ConfusedPair[] {
  const pairs: ConfusedPair[] = [];
  for (let truth = 0; truth < classes; truth++) {
    const row = counts.subarray(truth * classes, (truth + 1) * classes);
    const all = row.reduce((sum, images) => sum + images, 0);
    row.forEach((images, guess) => {
      if (guess !== truth && images > 0) pairs.push({ truth, guess, images, share: images / all });
    });
  }
  return pairs.sort((a, b) => b.images - a.images || b.share - a.share).slice(0, most);
}

// ---- mistakes ----------------------------------------------------------------------------------------------------------

/** Rows of the images that are taken for another class, largest loss first; at most `most`. */
export function worstMistakes({ labels, guesses, losses }: Judged, most: number): number[] {
  const wrong: number[] = [];
  for (let row = 0; row < labels.length; row++) if (labels[row] !== guesses[row]) wrong.push(row);
  return wrong.sort((a, b) => (losses[b] as number) - (losses[a] as number)).slice(0, most);
}

// ---- thresholds --------------------------------------------------------------------------------------------------------

/** Scores of what is of the class and of what is not, each ascending. */
export interface Scores {
  positives: Float32Array;
  negatives: Float32Array;
}

export interface AtThreshold {
  threshold: number;
  /** Of what scores the threshold or more, the share that is right; NaN if nothing does. */
  precision: number;
  /** Of what is of the class, the share that scores the threshold or more. */
  recall: number;
  /** How much scores the threshold or more. */
  taken: number;
}

/** Probabilities as scores of one class; of all classes pooled (micro average) if none is named. */
export function scoresOf({ probabilities, labels, classes, rows }: Judged, only?: number): Scores {
  const width = classes.length;
  const each = only === undefined ? width : 1;
  const positives = new Float32Array(rows * each);
  const negatives = new Float32Array(rows * each);
  let p = 0;
  let n = 0;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < each; i++) {
      const c = only ?? i;
      const score = probabilities[row * width + c] as number;
      if (labels[row] === c) positives[p++] = score;
      else negatives[n++] = score;
    }
  }
  return { positives: positives.slice(0, p).sort(), negatives: negatives.slice(0, n).sort() };
}

/** How many of ascending values are at least `value`. */
function countFrom(values: Float32Array, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return values.length - low;
}

/** Precision and recall where a class is said only from a probability on. */
export function atThreshold({ positives, negatives }: Scores, threshold: number): AtThreshold {
  const right = countFrom(positives, threshold);
  const taken = right + countFrom(negatives, threshold);
  return {
    threshold,
    precision: taken ? right / taken : Number.NaN,
    recall: positives.length ? right / positives.length : Number.NaN,
    taken,
  };
}

/**
 * The lowest threshold whose precision is at least the wanted one, and with it the largest recall; undefined if no score reaches
 * it. Thresholds are the scores themselves: between two of them nothing changes.
 */
export function thresholdFor(scores: Scores, precision: number): AtThreshold | undefined {
  const { positives, negatives } = scores;
  let p = 0;
  let n = 0;
  while (p < positives.length || n < negatives.length) {
    const next = Math.min(positives[p] ?? Number.POSITIVE_INFINITY, negatives[n] ?? Number.POSITIVE_INFINITY);
    const right = positives.length - p;
    if (right / (right + negatives.length - n) >= precision) return atThreshold(scores, next);
    while (positives[p] === next) p++;
    while (negatives[n] === next) n++;
  }
  return undefined;
}

// ---- calibration -------------------------------------------------------------------------------------------------------

export interface Bin {
  /** Of confidence: above low, up to high. */
  low: number;
  high: number;
  images: number;
  /** Means over its images; NaN if it has none. */
  confidence: number;
  accuracy: number;
}

export interface Reliability {
  bins: Bin[];
  /** Expected calibration error: |accuracy - confidence| of the bins, weighted by images. Guo et al. 2017, "On calibration of modern neural networks". */
  ece: number;
  /** Means over all images. */
  confidence: number;
  accuracy: number;
  loss: number;
}

/** How often the network is right when it is so sure, in bins of equal width. */
export function reliability(judged: Judged, count = 15): Reliability {
  const { rows, labels, guesses, losses } = judged;
  const images = new Float64Array(count);
  const sure = new Float64Array(count);
  const right = new Float64Array(count);
  const add = (to: Float64Array, bin: number, value: number) => {
    to[bin] = (to[bin] as number) + value;
  };
  for (let row = 0; row < rows; row++) {
    const p = confidence(judged, row);
    const bin = Math.min(count - 1, Math.max(0, Math.ceil(p * count) - 1));
    add(images, bin, 1);
    add(sure, bin, p);
    add(right, bin, labels[row] === guesses[row] ? 1 : 0);
  }
  const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
  const bins = Array.from({ length: count }, (_, i): Bin => {
    const n = images[i] as number;
    return {
      low: i / count,
      high: (i + 1) / count,
      images: n,
      confidence: (sure[i] as number) / n,
      accuracy: (right[i] as number) / n,
    };
  });
  const ece = bins.reduce(
    (total, bin) => total + (bin.images ? (bin.images / rows) * Math.abs(bin.accuracy - bin.confidence) : 0),
    0,
  );
  return { bins, ece, confidence: sum(sure) / rows, accuracy: sum(right) / rows, loss: sum(losses) / rows };
}
