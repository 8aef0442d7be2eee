/**
 * The tensor layer over shapes alone: runs a model's own code without a tensor and counts what it would hold and do.
 * Multiply-adds are those of convolutions and linear layers, as the papers count them; attention's are kept apart.
 */
import { checkGroupedChannels, concatenatedChannels, factorScope, type Layers } from '../core/layers';

/** [batch, height, width, channels], [batch, tokens, channels] or [batch, features]. */
export type Shape = readonly number[];

export interface Counts {
  /** PyTorch's shapes of the trainable tensors, each name once. */
  parameters: Map<string, Shape>;
  /** Shapes of what is not trained, running statistics, each name once. */
  buffers: Map<string, Shape>;
  /** Multiply-adds of convolutions and linear layers, one forward pass. */
  macs: number;
  /** Multiply-adds of q k^T and of its product with v. */
  attentionMacs: number;
  /** Numbers in all outputs that a backward pass reads again. */
  saved: number;
  /** Numbers in the largest single output. */
  largest: number;
}

/** Numbers in a tensor of that shape. */
export const numbersIn = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** Positions of a sliding window, PyTorch's rule; ceil: the last window may hang over the end but must start inside. */
export function windows(length: number, kernel: number, stride: number, padding: number, ceil = false): number {
  const span = length + 2 * padding - kernel;
  if (!ceil) return Math.floor(span / stride) + 1;
  const count = Math.ceil(span / stride) + 1;
  return (count - 1) * stride >= length + padding ? count - 1 : count;
}

/** A counting tensor layer, and its counts so far. Throws where a real layer would: an image too small for its window. */
export function countingLayers(): { nn: Layers<Shape>; counts: Counts } {
  const counts: Counts = { parameters: new Map(), buffers: new Map(), macs: 0, attentionMacs: 0, saved: 0, largest: 0 };
  const own = (name: string, ...shape: number[]) => counts.parameters.set(name, shape);
  const keep = (shape: Shape): Shape => {
    const size = numbersIn(shape);
    counts.saved += size;
    counts.largest = Math.max(counts.largest, size);
    return shape;
  };
  const last = (shape: Shape) => shape.at(-1) ?? 0;
  const image = (x: Shape): [number, number, number, number] => {
    if (x.length !== 4) throw new Error(`An image of shape [${x.join(', ')}] was expected to have four axes.`);
    return x as unknown as [number, number, number, number];
  };
  const slide = (x: Shape, kernel: number, stride: number, padding: number, ceil: boolean, out?: number): Shape => {
    const [batch, height, width, channels] = image(x);
    const h = windows(height, kernel, stride, padding, ceil);
    const w = windows(width, kernel, stride, padding, ceil);
    if (h < 1 || w < 1)
      throw new Error(`A map of ${height} x ${width} is too small for a window of ${kernel}: choose larger images.`);
    return [batch, h, w, out ?? channels];
  };
  const nn: Layers<Shape> = {
    shape: (x) => [...x],
    conv(x, name, { out, kernel, stride = 1, padding = 0, groups = 1, bias = false }) {
      checkGroupedChannels(name, last(x), out, groups);
      const shape = slide(x, kernel, stride, padding, false, out);
      const seen = last(x) / groups;
      own(`${name}.weight`, out, seen, kernel, kernel);
      if (bias) own(`${name}.bias`, out);
      counts.macs += numbersIn(shape) * seen * kernel * kernel;
      return keep(shape);
    },
    batchNorm(x, name) {
      own(`${name}.weight`, last(x));
      own(`${name}.bias`, last(x));
      for (const buffer of ['running_mean', 'running_var']) counts.buffers.set(`${name}.${buffer}`, [last(x)]);
      return keep(x);
    },
    layerNorm(x, name) {
      own(`${name}.weight`, last(x));
      own(`${name}.bias`, last(x));
      return keep(x);
    },
    linear(x, name, { out, bias = true }) {
      const shape = [...x.slice(0, -1), out];
      own(`${name}.weight`, out, last(x));
      if (bias) own(`${name}.bias`, out);
      counts.macs += numbersIn(shape) * last(x);
      return keep(shape);
    },
    relu: keep,
    gelu: keep,
    swish: keep,
    sigmoid: keep,
    hardSigmoid: keep,
    hardSwish: keep,
    // The gradient of a sum is the gradient: nothing of it is read again.
    add: (a) => a,
    multiply(a, b) {
      factorScope(a, b);
      return keep(a);
    },
    concat: (xs) => keep([...(xs[0] ?? []).slice(0, -1), concatenatedChannels(xs)]),
    parameter(name, shape) {
      own(name, ...shape);
      return shape;
    },
    maxPool: (x, { kernel, stride, padding }) => keep(slide(x, kernel, stride, padding, false)),
    avgPool: (x, { kernel, stride, ceil }) => keep(slide(x, kernel, stride, 0, ceil)),
    globalAvgPool(x) {
      const [batch, , , channels] = image(x);
      return keep([batch, channels]);
    },
    reshape: (x, shape) => {
      if (numbersIn(x) !== numbersIn(shape))
        throw new Error(`[${x.join(', ')}] cannot take the shape [${shape.join(', ')}].`);
      return shape;
    },
    attention(q, k, _v, { heads, biasName }) {
      const [batch, n, channels] = q as readonly [number, number, number];
      const m = k[1] as number;
      own(biasName, heads, n, m);
      counts.attentionMacs += 2 * batch * n * m * channels;
      keep([batch, heads, n, m]);
      return keep(q);
    },
    dropPath: (x, _name, rate) => (rate > 0 ? keep(x) : x),
    dropout: (x, _name, rate) => (rate > 0 ? keep(x) : x),
  };
  return { nn, counts };
}
