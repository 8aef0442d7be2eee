/**
 * All randomness of Tricklab. A stream is a pure function of its keys (seed, epoch, sample or micro-batch, stream name),
 * so no order, timing or worker count can change a run.
 * Generator: Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** High 32 bits of the product of two unsigned 32-bit integers. */
function mulHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  // Products of 16-bit halves fit 32 bits, and so do these sums.
  const middle = ((Math.imul(a1, b0) >>> 0) + (Math.imul(a0, b0) >>> 16)) >>> 0;
  const carry = ((Math.imul(a0, b1) >>> 0) + (middle & 0xffff)) >>> 0;
  return ((Math.imul(a1, b1) >>> 0) + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/** One Philox 4x32-10 block: four uint32 from a 128-bit counter and a 64-bit key. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = mulHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** FNV-1a of a string, 32 bits: turns a stream name into a counter word. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return hash >>> 0;
}

export interface Rng {
  /** Next 32 random bits. */
  uint32(): number;
  /** Uniform in [low, high), 24 bits. Default [0, 1). */
  uniform(low?: number, high?: number): number;
  /** Uniform integer in [0, n). */
  int(n: number): number;
  /** Normal(mean, std) by Box-Muller. */
  normal(mean?: number, std?: number): number;
  /** Beta(a, b) by two gamma variates (Marsaglia and Tsang 2000). */
  beta(a: number, b: number): number;
  /** Uniform permutation of 0..n-1 (Fisher-Yates). */
  permutation(n: number): Int32Array;
}

/**
 * The stream of a name within (seed, a, b); a and b are usually epoch and sample, or epoch and micro-batch.
 * Keys are taken as unsigned 32-bit integers.
 */
export function rng(seed: number, name: string, a = 0, b = 0): Rng {
  const key = [seed >>> 0, hashName(name)] as const;
  let block: [number, number, number, number] = [0, 0, 0, 0];
  let used = 4;
  let index = 0;
  const uint32 = () => {
    if (used === 4) {
      block = philox([index++, 0, a >>> 0, b >>> 0], key);
      used = 0;
    }
    return block[used++] as number;
  };
  const unit = () => (uint32() >>> 8) / 16777216;
  const normal = () => Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit());
  const gamma = (shape: number): number => {
    if (shape < 1) return gamma(shape + 1) * (1 - unit()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - unit()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  };
  const int = (n: number) => Math.floor(unit() * n);
  return {
    uint32,
    uniform: (low = 0, high = 1) => low + (high - low) * unit(),
    int,
    normal: (mean = 0, std = 1) => mean + std * normal(),
    beta: (p, q) => {
      const x = gamma(p);
      const y = gamma(q);
      // Both underflow for tiny shapes: the distribution is then two points, 0 and 1.
      return x + y > 0 ? x / (x + y) : unit() < p / (p + q) ? 1 : 0;
    },
    permutation: (n) => {
      const order = Int32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = int(i + 1);
        [order[i], order[j]] = [order[j] as number, order[i] as number];
      }
      return order;
    },
  };
}
