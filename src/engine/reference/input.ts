/** From bytes to the network's input with plain tfjs ops: normalisation and mixing. */
import * as tf from '@tensorflow/tfjs-core';
import type { InputSettings, Mix } from '../trainer';

/** uint8 RGB pixels [count, size, size, 3] -> normalised f32 NHWC: (pixel / 255 - mean) / std. */
export function normalizedInput(pixels: Uint8Array, { count, size, mean, std }: InputSettings): tf.Tensor4D {
  return tf.tidy(() => {
    const raw = tf.cast(tf.tensor4d(Int32Array.from(pixels), [count, size, size, 3], 'int32'), 'float32');
    const scale = tf.tensor1d(std.map((s) => 1 / (255 * s)));
    const offset = tf.tensor1d(mean.map((m, c) => -m / (std[c] as number)));
    return tf.add(tf.mul(raw, scale), offset) as tf.Tensor4D;
  });
}

/**
 * Mixup (Zhang et al. 2018): x * lambda + reversed(x) * (1 - lambda). CutMix (Yun et al. 2019): pixels of the box come from the
 * reversed batch.
 */
export function mixedWithReverse(x: tf.Tensor4D, { lambda, box }: Mix): tf.Tensor4D {
  const empty = box.x1 <= box.x0 || box.y1 <= box.y0;
  if (lambda === 1 && empty) return x;
  const [, height, width] = x.shape;
  const inside = new Float32Array(height * width);
  if (!empty) {
    for (let row = box.y0; row < box.y1; row++) inside.fill(1, row * width + box.x0, row * width + box.x1);
  }
  return tf.tidy(() => {
    const mask = tf.tensor4d(inside, [1, height, width, 1]);
    const partner = tf.reverse(x, 0);
    const blended = tf.add(tf.mul(x, lambda), tf.mul(partner, 1 - lambda));
    return tf.add(tf.mul(partner, mask), tf.mul(blended, tf.sub(1, mask))) as tf.Tensor4D;
  });
}
