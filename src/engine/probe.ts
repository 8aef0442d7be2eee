/** How fast is this adapter, roughly? Sizes the default experiment and the time estimate. */
import * as tf from '@tensorflow/tfjs-core';

/** Useful rate of a convolution with its filter gradient, FLOP/s; takes about a second, compile left out. */
export async function measureFlops(): Promise<number> {
  const x = tf.randomUniform<tf.Rank.R4>([8, 16, 16, 16], -1, 1, 'float32', 1);
  const w = tf.randomUniform<tf.Rank.R4>([3, 3, 16, 16], -1, 1, 'float32', 2);
  // Forward and filter gradient: 2 * 2 * pixels * 9 * in * out operations.
  const flopsPerRun = 4 * 8 * 16 * 16 * 9 * 16 * 16;
  const run = async () => {
    const loss = tf.tidy(() => {
      const gradient = tf.grad((filter: tf.Tensor) => tf.sum(tf.conv2d(x, filter as tf.Tensor4D, 1, 1)))(w);
      return tf.sum(gradient);
    });
    await loss.data();
    loss.dispose();
  };
  await run();
  const start = performance.now();
  let runs = 0;
  while (runs < 50 && performance.now() - start < 500) {
    await run();
    runs++;
  }
  tf.dispose([x, w]);
  return (flopsPerRun * runs * 1000) / (performance.now() - start);
}
