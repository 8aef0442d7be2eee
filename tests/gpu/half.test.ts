/**
 * A step of low precision as a whole; ops.test.ts has the ops one by one. Only where the adapter has shader-f16: llvmpipe has,
 * SwiftShader has not.
 */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { plainModel } from '../../src/catalog/define';
import { resnet50Vd } from '../../src/catalog/models/resnet';
import { rng } from '../../src/core/rng';
import {
  buildParameters,
  createLayers,
  createParameters,
  createTrainer,
  engineOf,
  type MicroBatchNumber,
  noMix,
} from '../../src/engine';
import { gpu } from '../../src/engine/gpu/dispatch';
import type { Precision } from '../../src/engine/gpu/precision';
import { convert } from '../../src/engine/kernels/convert';
import { conv } from '../../src/engine/ops/conv';
import { filled, openGpu } from '../support/gpu';
import { toFull, toHalf } from '../support/half';

const { features } = await openGpu();

const fused = engineOf('fused');

describe.skipIf(!features.includes('shader-f16'))('in half precision', () => {
  it('reads the copy of weights, and in f32 the weights themselves', async () => {
    const w = filled('w', [1, 1, 8, 8]);
    const doubled = tf.mul(w, 2);
    const copy = gpu().empty(w.shape);
    gpu().halves.addCopy(w, copy);
    convert(gpu(), doubled, copy);
    const run = (x: tf.Tensor) => fused.run(conv, { x, w }, { stride: 1, padding: 0 }).y as tf.Tensor;
    const x = filled('x', [1, 2, 2, 8]);
    const half = gpu().halves.within({ half: true, lossScale: 1 }, () => tf.tidy(() => toFull(run(toHalf(x)))));
    expect(await half.data()).toBeClose(await tf.mul(run(x), 2).data(), 2e-3);
  });

  it('trains as in f32, in less memory, and gives the same bits each time', async () => {
    const train = async (precision?: Precision, accumulating = false) => {
      const parameters = createParameters(5);
      const size = 16;
      const forward = (x: tf.Tensor4D, mode: { training: boolean; microBatch: MicroBatchNumber }) =>
        resnet50Vd.forward<tf.Tensor>(
          createLayers(parameters, { engine: fused, seed: 5, ...mode }),
          x,
          resnet50Vd.options.parse({ depths: [1, 1, 1, 1], width: 0.125, stem: 'small' }),
          { ...plainModel, classes: 4, size },
        ) as tf.Tensor2D;
      buildParameters(forward, size);
      const trainer = createTrainer('fused', {
        parameters,
        forward,
        optimizer: {
          rule: { kind: 'sgd', momentum: 0.9, nesterov: true },
          weightDecay: 1e-3,
          decayVectors: false,
        },
        classes: 4,
        input: { size, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
        accumulating,
        evalBatch: 8,
        ...(precision && { precision }),
      });
      const stream = rng(2, 'pixels');
      const labels = Int32Array.from({ length: 8 }, (_, i) => i % 4);
      const targets = Float32Array.from({ length: 32 }, (_, i) => Number(i % 4 === labels[Math.floor(i / 4)]));
      const pixels = Uint8Array.from({ length: 8 * size * size * 3 }, () => stream.int(256));
      const images = { pixels, labels, targets, count: 8, mix: noMix };
      await trainer.prepare(8);
      const memory = gpu().pool.liveBytes;
      const batches = accumulating ? [images, images] : [images];
      const losses: number[] = [];
      for (let i = 0; i < 20; i++) {
        losses.push((await trainer.update(batches, { lr: 0.02, firstMicroBatch: i })).loss / (8 * batches.length));
      }
      trainer.dispose();
      parameters.dispose();
      return { losses, memory };
    };
    const half = { half: true, lossScale: 1024 };
    const full = await train();
    const low = await train(half);
    expect(full.losses.at(-1)).toBeLessThan(0.5 * (full.losses[0] as number));
    // Gradients that are wrong by the loss scale, or zero, would leave this at once. Measured on llvmpipe: at most 8e-4.
    low.losses.forEach((loss, i) => {
      expect(Math.abs(loss - (full.losses[i] as number))).toBeLessThan(0.01);
    });
    expect(low.losses).not.toEqual(full.losses);
    expect(low.memory).toBeLessThan(0.8 * full.memory);
    expect((await train(half)).losses).toEqual(low.losses);
    // Twice the same images, averaged, are the same update, but for batch norm's statistics, which they do not touch.
    const accumulated = await train(half, true);
    accumulated.losses.forEach((loss, i) => {
      expect(Math.abs(loss - (low.losses[i] as number))).toBeLessThan(0.01);
    });
  });

  it('takes half the memory', () => {
    const { pool, halves } = gpu();
    const bytesOf = (half: boolean) => {
      const before = pool.numBytesUsed;
      const tensor = halves.within({ half, lossScale: 1 }, () => gpu().activation([1000]));
      convert(gpu(), tf.ones([1000]), tensor);
      return pool.numBytesUsed - before;
    };
    // Besides, both times, the ones.
    expect(bytesOf(false) - bytesOf(true)).toBe(2000);
  });
});
