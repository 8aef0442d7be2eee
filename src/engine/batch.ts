/** From bytes to the network's input: normalisation and mixing on the GPU. */
import * as tf from '@tensorflow/tfjs-core';

/**
 * uint8 RGB pixels [count, size, size, 3] -> normalised f32 NHWC: (pixel / 255 - mean) / std.
 * mean and std are per channel, in [0, 1].
 */
export function normalizedInput(
  pixels: Uint8Array,
  count: number,
  size: number,
  mean: readonly [number, number, number],
  std: readonly [number, number, number],
): tf.Tensor4D {
  return tf.tidy(() => {
    const raw = tf.cast(tf.tensor4d(Int32Array.from(pixels), [count, size, size, 3], 'int32'), 'float32');
    const scale = tf.tensor1d(std.map((s) => 1 / (255 * s)));
    const offset = tf.tensor1d(mean.map((m, c) => -m / (std[c] as number)));
    return tf.add(tf.mul(raw, scale), offset) as tf.Tensor4D;
  });
}

/** Mixup (Zhang et al. 2018): x * lambda + reversed(x) * (1 - lambda). */
export function blendWithReverse(x: tf.Tensor4D, lambda: number): tf.Tensor4D {
  return tf.tidy(() => tf.add(tf.mul(x, lambda), tf.mul(tf.reverse(x, 0), 1 - lambda)) as tf.Tensor4D);
}

/** CutMix (Yun et al. 2019): pixels of the box [x0, x1) x [y0, y1) come from the reversed batch. */
export function pasteFromReverse(x: tf.Tensor4D, box: { x0: number; y0: number; x1: number; y1: number }): tf.Tensor4D {
  const [, height, width] = x.shape;
  const inside = new Float32Array(height * width);
  for (let row = box.y0; row < box.y1; row++) inside.fill(1, row * width + box.x0, row * width + box.x1);
  return tf.tidy(() => {
    const mask = tf.tensor4d(inside, [1, height, width, 1]);
    return tf
      .reverse(x, 0)
      .mul(mask)
      .add(x.mul(tf.sub(1, mask))) as tf.Tensor4D;
  });
}
