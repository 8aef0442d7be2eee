/** How fast is this adapter, roughly? Sizes the default experiment and the time estimate. */
import * as tf from '@tensorflow/tfjs-core';
import { engineFor, engineOf } from './engines';
import { conv } from './ops/conv';

const shape = { batch: 16, side: 16, channels: 32 };

/** Multiply-adds count two; forward, input gradient and filter gradient cost the same. */
const FLOPS_PER_RUN = 3 * 2 * shape.batch * shape.side ** 2 * 9 * shape.channels ** 2;

/** Milliseconds that a measurement should last. */
const LONG_ENOUGH = 300;

/** Useful rate of a convolution forward and backward, FLOP/s; takes about a second, compilation left out. */
export async function measureFlops(): Promise<number> {
  const engine = engineOf(engineFor('fused'));
  const { batch, side, channels } = shape;
  const x = tf.randomUniform<tf.Rank.R4>([batch, side, side, channels], -1, 1, 'float32', 1);
  const w = tf.randomUniform<tf.Rank.R4>([3, 3, channels, channels], -1, 1, 'float32', 2);
  const gradients = tf.grads(
    (image: tf.Tensor, filter: tf.Tensor) =>
      engine.run(conv, { x: image, w: filter }, { stride: 1, padding: 1 }).y as tf.Tensor,
  );
  const run = async (times: number) => {
    const start = performance.now();
    for (let i = 0; i < times; i++) {
      const [dx, dw] = tf.tidy(() => gradients([x, w], x));
      // One value of the last run says that all are done.
      if (i === times - 1) await (dw as tf.Tensor).data();
      tf.dispose([dx as tf.Tensor, dw as tf.Tensor]);
    }
    return performance.now() - start;
  };
  await run(1);
  // A fast adapter needs many runs before its clock says anything.
  let times = 1;
  let elapsed = await run(times);
  while (elapsed < LONG_ENOUGH && times < 1024) {
    times = Math.min(1024, Math.ceil((times * LONG_ENOUGH * 1.2) / Math.max(1, elapsed)));
    elapsed = await run(times);
  }
  tf.dispose([x, w]);
  return (FLOPS_PER_RUN * times * 1000) / elapsed;
}
