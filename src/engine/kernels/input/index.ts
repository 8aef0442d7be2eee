/** From bytes to the network's input, normalised and mixed in one dispatch. */
import * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../gpu/dispatch';
import type { InputSettings } from '../../ops';
import normalizeText from './normalize.wgsl?raw';

/** See Ops.input. bytes: the pixels as little-endian words, int32 [ceil(count * size * size * 3 / 4)]. */
export function input(bytes: tf.Tensor, mix: tf.Tensor, { count, size, mean, std }: InputSettings): tf.Tensor4D {
  const y = gpu().activation([count, size, size, 3]);
  const threads = count * size * size * 3;
  gpu().dispatch({
    kernel: { name: 'input', text: normalizeText, constants: {} },
    inputs: [bytes, mix],
    outputs: [y],
    u32: [threads, count, size],
    f32: [...std.map((s) => 1 / (255 * s)), ...mean.map((m, c) => -m / (std[c] as number))],
    threads,
  });
  return tf.engine().makeTensorFromTensorInfo(y) as tf.Tensor4D;
}
