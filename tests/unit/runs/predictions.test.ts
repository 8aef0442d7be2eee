import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Predictions } from '../../../src/core/results';
import {
  atThreshold,
  confidence,
  confusion,
  type Judged,
  judge,
  mostConfused,
  reliability,
  scoresOf,
  thresholdFor,
  worstMistakes,
} from '../../../src/runs/predictions';

/** Predictions whose probabilities are the given ones: logits are their logarithms. */
function predicted(labels: number[], probabilities: number[][]): Judged {
  const classes = probabilities[0]?.map((_, c) => `class ${c}`) ?? [];
  return judge({
    step: 1,
    split: 'validation',
    classes,
    images: labels.length,
    logits: Float32Array.from(probabilities.flat(), (p) => Math.log(p)),
    labels: Int32Array.from(labels),
    places: Uint32Array.from(labels.keys()),
    keys: labels.map((_, i) => String(i)),
  });
}

/** Six images of three classes, worked out by hand below. */
const six = predicted(
  [0, 0, 1, 1, 2, 2],
  [
    [0.8, 0.1, 0.1], // right
    [0.3, 0.6, 0.1], // 0 taken for 1
    [0.2, 0.7, 0.1], // right
    [0.5, 0.4, 0.1], // 1 taken for 0
    [0.1, 0.2, 0.7], // right
    [0.05, 0.9, 0.05], // 2 taken for 1
  ],
);
/** Probabilities are float32 logarithms and exponentials of round numbers. */
const near = 6;

describe('six images, by hand', () => {
  test('confusion', () => {
    expect([...confusion(six)]).toEqual([1, 1, 0, 1, 1, 0, 0, 1, 1]);
    expect(mostConfused(confusion(six), 3, 2)).toEqual([
      { truth: 0, guess: 1, images: 1, share: 0.5 },
      { truth: 1, guess: 0, images: 1, share: 0.5 },
    ]);
  });

  test('the worst mistakes are the ones with the largest loss', () => {
    expect(worstMistakes(six, 9)).toEqual([5, 1, 3]);
    expect(worstMistakes(six, 1)).toEqual([5]);
    expect(six.losses[5]).toBeCloseTo(-Math.log(0.05), near);
    expect(confidence(six, 5)).toBeCloseTo(0.9, near);
  });

  test('precision and recall of one class', () => {
    // Class 1: its own images score .7 and .4, the others .1, .6, .2, .9.
    const scores = scoresOf(six, 1);
    expect(atThreshold(scores, 0.5)).toEqual({ threshold: 0.5, precision: 1 / 3, recall: 0.5, taken: 3 });
    expect(atThreshold(scores, 0)).toEqual({ threshold: 0, precision: 2 / 6, recall: 1, taken: 6 });
    expect(atThreshold(scores, 0.95)).toMatchObject({ precision: Number.NaN, recall: 0, taken: 0 });
    // From .4 on: .7 and .4 of 4. From .2 on: 2 of 5.
    expect(thresholdFor(scores, 0.5)).toMatchObject({ precision: 0.5, recall: 1, taken: 4 });
    expect(thresholdFor(scores, 0.5)?.threshold).toBeCloseTo(0.4, near);
    expect(thresholdFor(scores, 0.4)?.threshold).toBeCloseTo(0.2, near);
    expect(thresholdFor(scores, 0.6)).toBeUndefined();
  });

  test('pooled over the classes', () => {
    // From .55 on: .8, .7, .7 are right, .6 and .9 are not.
    expect(atThreshold(scoresOf(six), 0.55)).toEqual({ threshold: 0.55, precision: 3 / 5, recall: 3 / 6, taken: 5 });
  });

  test('reliability in two bins', () => {
    // Up to .5: one image, wrong, .5. Above: .8, .7, .7 right, .6, .9 wrong.
    const { bins, ece, confidence: sure, accuracy } = reliability(six, 2);
    expect(bins.map(({ images }) => images)).toEqual([1, 5]);
    expect(bins[0]?.accuracy).toBe(0);
    expect(bins[1]?.confidence).toBeCloseTo(3.7 / 5, near);
    expect(ece).toBeCloseTo((1 / 6) * 0.5 + (5 / 6) * Math.abs(3 / 5 - 3.7 / 5), near);
    expect([sure, accuracy].map((x) => x.toFixed(4))).toEqual([(4.2 / 6).toFixed(4), '0.5000']);
  });
});

const arbitrary = fc.integer({ min: 2, max: 5 }).chain((classes) =>
  fc
    .array(
      fc.record({
        label: fc.nat(classes - 1),
        // Few different values, so that there are equal scores.
        logits: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: classes, maxLength: classes }),
      }),
      { minLength: 1, maxLength: 30 },
    )
    .map(
      (rows): Predictions => ({
        step: 1,
        split: 'validation',
        classes: Array.from({ length: classes }, (_, c) => String(c)),
        images: rows.length,
        logits: Float32Array.from(rows.flatMap((row) => row.logits)),
        labels: Int32Array.from(rows, (row) => row.label),
        places: Uint32Array.from(rows.keys()),
        keys: rows.map((_, i) => String(i)),
      }),
    ),
);

describe('any predictions', () => {
  test('the matrix holds every image once, in the row of its class', () => {
    fc.assert(
      fc.property(arbitrary, (predictions) => {
        const counts = confusion(judge(predictions));
        const width = predictions.classes.length;
        expect(counts.reduce((a, b) => a + b, 0)).toBe(predictions.labels.length);
        for (let c = 0; c < width; c++) {
          const own = predictions.labels.filter((label) => label === c).length;
          expect(counts.subarray(c * width, (c + 1) * width).reduce((a, b) => a + b, 0)).toBe(own);
        }
      }),
    );
  });

  test('probabilities sum to 1 and losses are their logarithms', () => {
    fc.assert(
      fc.property(arbitrary, (predictions) => {
        const judged = judge(predictions);
        const width = judged.classes.length;
        for (let row = 0; row < judged.rows; row++) {
          const own = judged.probabilities.subarray(row * width, (row + 1) * width);
          // float32 roundings of up to five values.
          expect(own.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
          expect(own.every((p) => p <= confidence(judged, row))).toBe(true);
          expect(judged.losses[row]).toBeCloseTo(-Math.log(own[judged.labels[row] as number] as number), 5);
        }
      }),
    );
  });

  test('precision, recall and the threshold for a precision are those of counting every threshold out', () => {
    const wanted = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(arbitrary, fc.option(fc.nat(1)), wanted, (predictions, only, precision) => {
        const judged = judge(predictions);
        const { classes, labels, probabilities } = judged;
        const pairs = Array.from(probabilities, (score, i) => ({
          score,
          of: i % classes.length,
          own: labels[Math.floor(i / classes.length)] === i % classes.length,
        })).filter(({ of }) => only === null || of === only);
        const count = (threshold: number) => {
          const taken = pairs.filter(({ score }) => score >= threshold);
          const right = taken.filter(({ own }) => own).length;
          return { right, taken: taken.length, positives: pairs.filter(({ own }) => own).length };
        };
        const scores = scoresOf(judged, only ?? undefined);
        const thresholds = [...new Set(pairs.map(({ score }) => score))].sort((a, b) => a - b);
        for (const threshold of [0, 0.5, 1, ...thresholds]) {
          const { right, taken, positives } = count(threshold);
          expect(atThreshold(scores, threshold)).toEqual({
            threshold,
            precision: taken ? right / taken : Number.NaN,
            recall: positives ? right / positives : Number.NaN,
            taken,
          });
        }
        const lowest = thresholds.find((threshold) => count(threshold).right / count(threshold).taken >= precision);
        expect(thresholdFor(scores, precision)?.threshold).toBe(lowest);
      }),
    );
  });

  test('the bins hold every image, and no calibration error is larger than 1', () => {
    fc.assert(
      fc.property(arbitrary, fc.integer({ min: 1, max: 20 }), (predictions, count) => {
        const judged = judge(predictions);
        const { bins, ece } = reliability(judged, count);
        expect(bins.reduce((sum, { images }) => sum + images, 0)).toBe(judged.rows);
        for (const { low, high, images, confidence: sure } of bins) {
          // A mean of float32 values may round past the edge.
          if (images) expect(sure > low - 1e-6 && sure <= high + 1e-6).toBe(true);
        }
        expect(ece >= 0 && ece <= 1).toBe(true);
        const [one] = reliability(judged, 1).bins;
        expect(reliability(judged, 1).ece).toBeCloseTo(Math.abs((one?.accuracy ?? 0) - (one?.confidence ?? 0)), 12);
      }),
    );
  });
});
