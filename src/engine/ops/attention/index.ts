/** Attention with a learned additive bias, over heads that lie side by side in the channels: no transposes. */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Shape } from '../../../core/shape';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { sumSlices } from '../../kernels/sum';
import { build, softmax64 } from '../array64';
import { type Context, defineOp, together } from '../define';
import gatherText from './gather.wgsl?raw';
import scoreGradientText from './score-gradient.wgsl?raw';
import scoresText from './scores.wgsl?raw';

const dims = { heads: 'u32', queries: 'u32', keys: 'u32', channels: 'u32', depth: 'u32' } as const;

const scoresKernel = kernelOf({
  name: 'attention-scores',
  body: scoresText,
  tensors: { q: 'read f32', k: 'read f32', bias: 'read f32', p: 'write f32' },
  uniforms: { rows: 'u32', ...dims, scale: 'f32' },
});

const gatherKernel = kernelOf({
  name: 'attention-gather',
  body: gatherText,
  tensors: { table: 'read f32', x: 'read f32', y: 'write f32' },
  uniforms: { size: 'u32', ...dims, scale: 'f32' },
  constants: ['OVER_KEYS'],
});

const scoreGradientKernel = kernelOf({
  name: 'attention-score-gradient',
  body: scoreGradientText,
  tensors: { dy: 'read f32', v: 'read f32', p: 'read f32', ds: 'write f32' },
  uniforms: { rows: 'u32', ...dims },
});

interface Attributes {
  heads: number;
  scale: number;
}

function sizesOf(q: Shape, k: Shape, heads: number) {
  const [batch, queries, channels] = q as readonly [number, number, number];
  return { batch, dims: { heads, queries, keys: k[1] as number, channels, depth: channels / heads } };
}

type Sizes = ReturnType<typeof sizesOf>;

/** table [b, h, n, m] times x, summed over keys or queries; see gather.wgsl. */
function gather(
  gpu: Gpu,
  { table, x }: { table: TensorInfo; x: TensorInfo },
  over: 'keys' | 'queries',
  { batch, dims, scale }: Sizes & { scale: number },
) {
  const tokens = over === 'keys' ? dims.queries : dims.keys;
  const y = gpu.activation([batch, tokens, dims.channels]);
  const size = batch * tokens * dims.channels;
  gpu.dispatch(gatherKernel, {
    tensors: { table, x, y },
    uniforms: { size, ...dims, scale },
    constants: { OVER_KEYS: Number(over === 'keys') },
    threads: size,
  });
  return y;
}

const attentionCase = (
  name: string,
  {
    batch,
    queries,
    keys,
    heads,
    depth,
  }: { batch: number; queries: number; keys: number; heads: number; depth: number },
) => {
  const channels = heads * depth;
  const inputs = {
    q: [batch, queries, channels],
    k: [batch, keys, channels],
    v: [batch, keys, channels],
    bias: [heads, queries, keys],
  };
  return { name, inputs, attributes: { heads, scale: depth ** -0.5 } };
};

/** softmax(q k^T * scale + bias) v; q [b, n, c], k and v [b, m, c], bias [heads, n, m] -> [b, n, c]. p [b, heads, n, m]: the softmax. */
export const attention = defineOp<Attributes>()({
  name: 'attention',
  inputs: { q: 'activation', k: 'activation', v: 'activation', bias: 'parameter' },
  outputs: ['y', 'p'],
  shape: ({ q }) => q,
  cost({ q, k }, { heads }) {
    const { batch, dims } = sizesOf(q, k, heads);
    const pairs = batch * dims.queries * dims.keys;
    return {
      attentionMacs: 2 * pairs * dims.channels,
      saved: pairs * heads + batch * dims.queries * dims.channels,
      largest: Math.max(pairs * heads, batch * dims.queries * dims.channels),
    };
  },
  kernels: {
    forward(gpu, { q, k, v, bias }, { heads, scale }) {
      const sizes = sizesOf(q.shape, k.shape, heads);
      const { batch, dims } = sizes;
      const rows = batch * heads * dims.queries;
      const p = gpu.empty([batch, heads, dims.queries, dims.keys]);
      gpu.dispatch(scoresKernel, {
        tensors: { q, k, bias, p },
        uniforms: { rows, ...dims, scale },
        constants: {},
        threads: rows,
      });
      return { y: gather(gpu, { table: p, x: v }, 'keys', { ...sizes, scale: 1 }), p };
    },
    keeps: () => ['q', 'k', 'v', 'p'],
    gradients(gpu, dy, { q, k, v, p }, { heads, scale }) {
      const sizes = sizesOf(q.shape, k.shape, heads);
      const { batch, dims } = sizes;
      const all = together(() => {
        const rows = batch * heads * dims.queries;
        const ds = gpu.empty(p.shape);
        gpu.dispatch(scoreGradientKernel, {
          tensors: { dy, v, p, ds },
          uniforms: { rows, ...dims },
          constants: {},
          threads: rows,
        });
        const gradients = {
          q: gather(gpu, { table: ds, x: k }, 'keys', { ...sizes, scale }),
          k: gather(gpu, { table: ds, x: q }, 'queries', { ...sizes, scale }),
          v: gather(gpu, { table: p, x: dy }, 'queries', { ...sizes, scale: 1 }),
          bias: sumSlices(gpu, ds, [heads, dims.queries, dims.keys]),
        };
        gpu.release(ds);
        return gradients;
      });
      return { q: () => all('q'), k: () => all('k'), v: () => all('v'), bias: () => all('bias') };
    },
  },
  reference(tf, { q, k, v, bias }, { heads, scale }) {
    const [batch, queries, channels] = q.shape as [number, number, number];
    const split = (x: Tensor) =>
      tf.transpose(tf.reshape(x, [batch, x.shape[1] as number, heads, channels / heads]), [0, 2, 1, 3]);
    const scores = tf.add(tf.mul(tf.matMul(split(q), split(k), false, true), scale), bias);
    const p = tf.softmax(scores, -1);
    const mixed = tf.matMul(p, split(v)); // [batch, heads, queries, channels / heads]
    return { y: tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, queries, channels]), p };
  },
  float64({ q, k, v, bias }, { heads, scale }) {
    const { dims } = sizesOf(q.shape, k.shape, heads);
    const { queries, keys, channels, depth } = dims;
    const keyIndexes = Array.from({ length: keys }, (_, m) => m);
    return build(q.shape, (b = 0, n = 0, c = 0) => {
      const head = Math.floor(c / depth);
      const scores = keyIndexes.map((m) => {
        let dot = 0;
        for (let d = head * depth; d < (head + 1) * depth; d++) {
          const key = k.data[(b * keys + m) * channels + d] as number;
          dot += (q.data[(b * queries + n) * channels + d] as number) * key;
        }
        return dot * scale + (bias.data[(head * queries + n) * keys + m] as number);
      });
      return softmax64(scores).reduce((sum, p, m) => sum + p * (v.data[(b * keys + m) * channels + c] as number), 0);
    });
  },
  cases: [
    attentionCase('one head, one key', { batch: 2, queries: 4, keys: 1, heads: 1, depth: 6 }),
    attentionCase('two heads, fewer keys than queries', { batch: 2, queries: 4, keys: 3, heads: 2, depth: 3 }),
    attentionCase('as many keys as queries', { batch: 1, queries: 5, keys: 5, heads: 4, depth: 4 }),
    attentionCase('one query', { batch: 1, queries: 1, keys: 4, heads: 3, depth: 1 }),
  ],
});

/**
 * softmax(q k^T * scale + bias) v. q [b, n, c], k and v [b, m, c]; heads split c.
 * biasName: a learned parameter [heads, n, m], init N(0, 1); the same name twice is the same parameter.
 */
export const attentionLayer =
  <T>({ shape, parameter, apply }: Context<T>) =>
  (q: T, k: T, v: T, { heads, scale, biasName }: Attributes & { biasName: string }): T => {
    const table = [heads, shape(q)[1] as number, shape(k)[1] as number];
    const bias = parameter(biasName, { shape: table, layout: 'plain', init: { kind: 'normal', std: 1 } });
    return apply(attention, { q, k, v, bias }, { heads, scale });
  };
