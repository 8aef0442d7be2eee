/** How fast can this adapter multiply matrices with our kernels? What the useful rate of a training step is measured against. */
import * as tf from '@tensorflow/tfjs-core';
import { gpu } from './gpu/dispatch';
import { convForward, convGeometry } from './ops/conv/passes';
import { keepTuning } from './tuning';

/** [rows, inner] x [inner, columns], from light to heavy. */
const products = [
  [1024, 64, 64],
  [256, 256, 256],
  [1024, 128, 256],
  [512, 512, 512],
  [1024, 1024, 1024],
  [2048, 2048, 2048],
  [4096, 4096, 4096],
] as const;

/** Milliseconds that are long enough to time; also the longest single product that is worth a heavier one after it. */
const LONG_ENOUGH = 60;

async function rateOf([rows, inner, columns]: readonly [number, number, number]): Promise<{
  flops: number;
  ms: number;
}> {
  const device = gpu();
  const x = tf.randomUniform([rows, 1, 1, inner], -1, 1, 'float32', 1);
  const w = tf.randomUniform([1, 1, inner, columns], -1, 1, 'float32', 2);
  const geometry = convGeometry([rows, 1, 1, inner], { out: columns, kernel: 1, stride: 1, padding: 0 });
  const run = async (times: number) => {
    const start = performance.now();
    for (let i = 0; i < times; i++) device.release(convForward(device, { x, w }, geometry));
    device.flush();
    await device.device.queue.onSubmittedWorkDone();
    return (performance.now() - start) / times;
  };
  await run(1);
  if (device.tuner.untried().length > 0) {
    await device.tuner.tune(Number.POSITIVE_INFINITY);
    await keepTuning();
    // Compiles what was chosen.
    await run(1);
  }
  let times = 1;
  let ms = await run(times);
  while (ms * times < LONG_ENOUGH) {
    times *= 2;
    ms = await run(times);
  }
  tf.dispose([x, w]);
  return { flops: (2 * rows * inner * columns * 1000) / ms, ms };
}

/**
 * The best rate over products of growing size, each in its tuned variant, FLOP/s; about a second, more for the first time. Needs
 * the WebGPU backend, and tunes whatever else waits for it.
 */
export async function measureGemmRate(): Promise<number> {
  let best = 0;
  for (const product of products) {
    const { flops, ms } = await rateOf(product);
    best = Math.max(best, flops);
    if (ms > LONG_ENOUGH) break;
  }
  return best;
}
