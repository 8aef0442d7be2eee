/** From one precision to another. */
import * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../gpu/dispatch';
import convertText from './convert.wgsl?raw';

/** Writes the values of a tensor into another of the same size, each in the precision that it is stored in. */
export function convert(from: tf.TensorInfo, to: tf.TensorInfo): void {
  const size = tf.util.sizeFromShape(to.shape);
  const vec = size % 4 === 0;
  const threads = vec ? size / 4 : size;
  gpu().dispatch({
    kernel: { name: 'convert', text: convertText, constants: { VEC: Number(vec) } },
    inputs: [from],
    outputs: [to],
    u32: [threads],
    threads,
  });
}
