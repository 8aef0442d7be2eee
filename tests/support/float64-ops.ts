/**
 * The ops of src/engine/ops.ts as plain loops in fp64, read off their definitions: what the kernels are differentiated against.
 * Slow, and without gradients on purpose.
 */

export interface Array64 {
  shape: readonly number[];
  data: Float64Array;
}

type Window = { kernel: number; stride: number; padding: number };
type At = (...index: number[]) => number;

const sizeOf = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

/** Reads an image [b, h, w, c] by index; undefined outside its sides. */
function pixelsOf({ shape, data }: Array64) {
  const [, height, width, channels] = shape as [number, number, number, number];
  return (b: number, row: number, column: number, c: number): number | undefined =>
    row < 0 || row >= height || column < 0 || column >= width
      ? undefined
      : data[((b * height + row) * width + column) * channels + c];
}

/** Fills an array by a function of its index. */
function build(shape: readonly number[], value: At): Array64 {
  const data = new Float64Array(sizeOf(shape));
  const index = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = value(...index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] as number) + 1;
      index[axis] = next < (shape[axis] as number) ? next : 0;
      if (index[axis]) break;
    }
  }
  return { shape, data };
}

const map = (x: Array64, value: (number: number, i: number) => number): Array64 => ({
  shape: x.shape,
  data: x.data.map(value),
});

const slides = (side: number, { kernel, stride, padding }: Window) =>
  Math.floor((side + 2 * padding - kernel) / stride) + 1;

/** For each pixel under the window at (row, column) of the output: its place in the window, and in the image. */
function* windowAt(row: number, column: number, { kernel, stride, padding }: Window) {
  for (let i = 0; i < kernel; i++) {
    for (let j = 0; j < kernel; j++) yield { i, j, y: row * stride + i - padding, x: column * stride + j - padding };
  }
}

/** x [b, h, w, c], filter [k, k, c, o], bias [o]; zeros outside. */
export function conv(x: Array64, filter: Array64, bias: Array64 | undefined, at: { stride: number; padding: number }) {
  const [kernel, , channels, out] = filter.shape as [number, number, number, number];
  const [batch, height, width] = x.shape as [number, number, number];
  const window = { kernel, ...at };
  const pixel = pixelsOf(x);
  return build([batch, slides(height, window), slides(width, window), out], ((b, row, column, o) => {
    let sum = bias?.data[o] ?? 0;
    for (const { i, j, y, x: across } of windowAt(row, column, window)) {
      for (let c = 0; c < channels; c++) {
        sum += (pixel(b, y, across, c) ?? 0) * (filter.data[((i * kernel + j) * channels + c) * out + o] as number);
      }
    }
    return sum;
  }) as At);
}

/** x [b, h, w, c], filter [k, k, c, 1], bias [c]; zeros outside. */
export function depthwiseConv(
  x: Array64,
  filter: Array64,
  bias: Array64 | undefined,
  at: { stride: number; padding: number },
) {
  const [kernel, , channels] = filter.shape as [number, number, number];
  const [batch, height, width] = x.shape as [number, number, number];
  const window = { kernel, ...at };
  const pixel = pixelsOf(x);
  return build([batch, slides(height, window), slides(width, window), channels], ((b, row, column, c) => {
    let sum = bias?.data[c] ?? 0;
    for (const { i, j, y, x: across } of windowAt(row, column, window))
      sum += (pixel(b, y, across, c) ?? 0) * (filter.data[(i * kernel + j) * channels + c] as number);
    return sum;
  }) as At);
}

/** x [rows, in], weight [in, out], bias [out]. */
export function linear(x: Array64, weight: Array64, bias: Array64 | undefined): Array64 {
  const [rows, channels] = x.shape as [number, number];
  const out = weight.shape[1] as number;
  return build([rows, out], ((row, o) => {
    let sum = bias?.data[o] ?? 0;
    for (let c = 0; c < channels; c++)
      sum += (x.data[row * channels + c] as number) * (weight.data[c * out + o] as number);
    return sum;
  }) as At);
}

/** Mean and biased variance of every `stride`-th number from `start`, `count` of them. */
function moments(data: Float64Array, { start, stride, count }: { start: number; stride: number; count: number }) {
  let mean = 0;
  for (let i = 0; i < count; i++) mean += (data[start + i * stride] as number) / count;
  let variance = 0;
  for (let i = 0; i < count; i++) variance += ((data[start + i * stride] as number) - mean) ** 2 / count;
  return { mean, variance };
}

export const add = (a: Array64, b: Array64): Array64 => map(a, (value, i) => value + (b.data[i] as number));

/** With the given statistics [c], over all axes but the last. */
export function normalize(
  x: Array64,
  affine: { gamma: Array64; beta: Array64; mean: Array64; variance: Array64; eps: number },
): Array64 {
  const channels = x.shape.at(-1) as number;
  const of = (array: Array64, i: number) => array.data[i % channels] as number;
  return map(x, (value, i) => {
    const normal = (value - of(affine.mean, i)) / Math.sqrt(of(affine.variance, i) + affine.eps);
    return normal * of(affine.gamma, i) + of(affine.beta, i);
  });
}

/** With the own statistics of each group, over all axes but the last; groups are equal parts of the batch. */
export function batchNorm(
  x: Array64,
  gamma: Array64,
  beta: Array64,
  { eps, groups }: { eps: number; groups: number },
): Array64 {
  if (groups > 1) {
    const size = x.data.length / groups;
    const shape = [(x.shape[0] as number) / groups, ...x.shape.slice(1)];
    const parts = Array.from({ length: groups }, (_, i) => {
      const part = { shape, data: x.data.subarray(i * size, (i + 1) * size) };
      return [...batchNorm(part, gamma, beta, { eps, groups: 1 }).data];
    });
    return { shape: x.shape, data: Float64Array.from(parts.flat()) };
  }
  const channels = x.shape.at(-1) as number;
  const count = x.data.length / channels;
  const statistics = Array.from({ length: channels }, (_, c) => moments(x.data, { start: c, stride: channels, count }));
  const mean = build([channels], ((c) => statistics[c]?.mean) as At);
  const variance = build([channels], ((c) => statistics[c]?.variance) as At);
  return normalize(x, { gamma, beta, mean, variance, eps });
}

/** Over the last axis. */
export function layerNorm(x: Array64, gamma: Array64, beta: Array64, eps: number): Array64 {
  const count = x.shape.at(-1) as number;
  return map(x, (value, i) => {
    const c = i % count;
    const { mean, variance } = moments(x.data, { start: i - c, stride: 1, count });
    return ((value - mean) / Math.sqrt(variance + eps)) * (gamma.data[c] as number) + (beta.data[c] as number);
  });
}

/** exp(-x^2) times a series of terms of one sign (Abramowitz and Stegun 7.1.6): no cancellation. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

export const relu = (x: Array64): Array64 => map(x, (value) => Math.max(value, 0));
export const gelu = (x: Array64): Array64 => map(x, (value) => (value * (1 + erf(value / Math.SQRT2))) / 2);
export const swish = (x: Array64): Array64 => map(x, (value) => value / (1 + Math.exp(-value)));

/** What lies outside the image doesn't take part. */
export function maxPool(x: Array64, window: Window): Array64 {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const pixel = pixelsOf(x);
  return build([batch, slides(height, window), slides(width, window), channels], ((b, row, column, c) => {
    const seen = [...windowAt(row, column, window)].map((at) => pixel(b, at.y, at.x, c) ?? Number.NEGATIVE_INFINITY);
    return Math.max(...seen);
  }) as At);
}

/** Mean over the pixels that a window really holds; with ceil a last window may reach over the border. */
export function avgPool(x: Array64, { kernel, stride, ceil }: { kernel: number; stride: number; ceil: boolean }) {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const starts = (side: number) => {
    const last = ceil ? side - 1 : side - kernel;
    const all = Array.from({ length: Math.floor(last / stride) + 1 }, (_, i) => i * stride);
    // With ceil, a window that the one before it already covers to the border is not needed.
    return all.filter((start) => start === 0 || start - stride + kernel < side);
  };
  const pixel = pixelsOf(x);
  return build([batch, starts(height).length, starts(width).length, channels], ((b, row, column, c) => {
    const held = [...windowAt(row, column, { kernel, stride, padding: 0 })]
      .map((at) => pixel(b, at.y, at.x, c))
      .filter((value) => value !== undefined);
    return held.reduce((sum, value) => sum + value, 0) / held.length;
  }) as At);
}

/** [b, h, w, c] -> [b, c]. */
export function globalAvgPool(x: Array64): Array64 {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const count = height * width;
  return build(
    [batch, channels],
    ((b, c) => moments(x.data, { start: b * count * channels + c, stride: channels, count }).mean) as At,
  );
}

function softmax(scores: number[]): number[] {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** softmax(q k^T * scale + bias) v; q [b, n, c], k and v [b, m, c], bias [heads, n, m]; heads lie side by side in c. */
export function attention(
  [q, k, v, bias]: [Array64, Array64, Array64, Array64],
  { heads, scale }: { heads: number; scale: number },
): Array64 {
  const [batch, queries, channels] = q.shape as [number, number, number];
  const keys = k.shape[1] as number;
  const depth = channels / heads;
  const keyIndexes = Array.from({ length: keys }, (_, m) => m);
  return build([batch, queries, channels], ((b, n, c) => {
    const head = Math.floor(c / depth);
    const scores = keyIndexes.map((m) => {
      let dot = 0;
      for (let d = head * depth; d < (head + 1) * depth; d++) {
        const key = k.data[(b * keys + m) * channels + d] as number;
        dot += (q.data[(b * queries + n) * channels + d] as number) * key;
      }
      return dot * scale + (bias.data[(head * queries + n) * keys + m] as number);
    });
    return softmax(scores).reduce((sum, p, m) => sum + p * (v.data[(b * keys + m) * channels + c] as number), 0);
  }) as At);
}

/** Mean over the rows of -sum(target * log softmax(logits)): a scalar. */
export function softCrossEntropy(logits: Array64, targets: Array64): Array64 {
  const [batch, classes] = logits.shape as [number, number];
  let loss = 0;
  for (let row = 0; row < batch; row++) {
    const range = [row * classes, (row + 1) * classes] as const;
    const target = targets.data.subarray(...range);
    softmax([...logits.data.subarray(...range)]).forEach((p, c) => {
      loss -= ((target[c] as number) * Math.log(p)) / batch;
    });
  }
  return { shape: [], data: Float64Array.of(loss) };
}

/** keep: what each draw multiplies its numbers with, 0 or 1 / (1 - rate); as many numbers to a draw as fit. */
export const drop = (x: Array64, keep: Float64Array): Array64 =>
  map(x, (value, i) => value * (keep[Math.floor(i / (x.data.length / keep.length))] as number));
