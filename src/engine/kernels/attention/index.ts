/** Attention with a learned additive bias, over heads that lie side by side in the channels: no transposes. Registered with its gradients. */
import type * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../gpu/dispatch';
import { registerFused, together } from '../register';
import { sumSlices } from '../sum';
import gatherText from './gather.wgsl?raw';
import scoreGradientText from './score-gradient.wgsl?raw';
import scoresText from './scores.wgsl?raw';

interface Attributes {
  heads: number;
  scale: number;
}

interface Sizes {
  batch: number;
  heads: number;
  queries: number;
  keys: number;
  channels: number;
  depth: number;
}

function sizesOf(q: tf.TensorInfo, k: tf.TensorInfo, heads: number): Sizes {
  const [batch, queries, channels] = q.shape as [number, number, number];
  return { batch, heads, queries, keys: k.shape[1] as number, channels, depth: channels / heads };
}

const dims = ({ heads, queries, keys, channels, depth }: Sizes) => [heads, queries, keys, channels, depth];

/** table [b, h, n, m] times x, summed over keys or queries; see gather.wgsl. */
function gather(table: tf.TensorInfo, x: tf.TensorInfo, over: 'keys' | 'queries', scale: number, sizes: Sizes) {
  const tokens = over === 'keys' ? sizes.queries : sizes.keys;
  const y = gpu().activation([sizes.batch, tokens, sizes.channels]);
  const size = sizes.batch * tokens * sizes.channels;
  gpu().dispatch({
    kernel: { name: 'attention-gather', text: gatherText, constants: { OVER_KEYS: Number(over === 'keys') } },
    inputs: [table, x],
    outputs: [y],
    u32: [size, ...dims(sizes)],
    f32: [scale],
    threads: size,
  });
  return y;
}

const run = registerFused<Attributes>('TricklabAttention', {
  forward: (inputs, { heads, scale }) => {
    const { q, k, v, bias } = inputs as Record<string, tf.TensorInfo> as Record<
      'q' | 'k' | 'v' | 'bias',
      tf.TensorInfo
    >;
    const sizes = sizesOf(q, k, heads);
    const rows = sizes.batch * heads * sizes.queries;
    const p = gpu().empty([sizes.batch, heads, sizes.queries, sizes.keys]);
    gpu().dispatch({
      kernel: { name: 'attention-scores', text: scoresText, constants: {} },
      inputs: [q, k, bias],
      outputs: [p],
      u32: [rows, ...dims(sizes)],
      f32: [scale],
      threads: rows,
    });
    return [gather(p, v, 'keys', 1, sizes), p];
  },
  saved: ['q', 'k', 'v'],
  savedOutputs: [false, true],
  backward: ([dy], [q, k, v, p], { heads, scale }) => {
    const sizes = sizesOf(q, k, heads);
    const all = together(() => {
      const rows = sizes.batch * heads * sizes.queries;
      const ds = gpu().empty(p.shape);
      gpu().dispatch({
        kernel: { name: 'attention-score-gradient', text: scoreGradientText, constants: {} },
        inputs: [dy, v, p],
        outputs: [ds],
        u32: [rows, ...dims(sizes)],
        threads: rows,
      });
      const gradients = {
        q: gather(ds, k, 'keys', scale, sizes),
        k: gather(ds, q, 'queries', scale, sizes),
        v: gather(p, dy, 'queries', 1, sizes),
        bias: sumSlices(ds, [heads, sizes.queries, sizes.keys]),
      };
      gpu().release(ds);
      return gradients;
    });
    return { q: () => all('q'), k: () => all('k'), v: () => all('v'), bias: () => all('bias') };
  },
});

/** See Ops.attention. */
export const attention = (
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  bias: tf.Tensor,
  attributes: Attributes,
): tf.Tensor => run({ q, k, v, bias }, attributes)[0] as tf.Tensor;
