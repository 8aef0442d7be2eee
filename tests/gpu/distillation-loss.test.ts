/** The loss with a teacher: both engines against torch, the kernel against central differences in fp64, and what must not change. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { opsOf } from '../../src/engine';
import type { DistillationSettings } from '../../src/engine/ops';
import cases from '../fixtures/loss/distillation.json';
import { values } from '../fixtures/models/reference';
import { largest, openGpu } from '../support/gpu';

await openGpu();

const differences = (got: ArrayLike<number>, expected: readonly number[]) =>
  expected.map((value, i) => (got[i] as number) - value);

/** One-hots of smoothed labels, as mixedTargets makes them. */
const targetsOf = (labels: readonly number[], classes: number, smoothing: number) =>
  labels.flatMap((label) =>
    Array.from({ length: classes }, (_, c) => (c === label ? 1 - smoothing : 0) + smoothing / classes),
  );

type Engine = 'fused' | 'reference';

describe.each(['fused', 'reference'] as const)('distillation, %s', (engine: Engine) => {
  // tfjs has no one-hots of one class.
  const possible = cases.filter(({ classes }) => engine === 'fused' || classes > 1);
  it.each(possible)('equals torch: $batch x $classes, T $temperature, smoothing $smoothing', async (fixture) => {
    const { batch, classes, labels, temperature, taskWeight, distillWeight } = fixture;
    const teacherLogits = tf.tensor2d(fixture.teacher, [batch, classes]);
    const targets = tf.tensor2d(targetsOf(labels, classes, fixture.smoothing), [batch, classes]);
    const lossOf = (z: tf.Tensor) =>
      opsOf(engine).softCrossEntropy(z as tf.Tensor2D, targets, tf.tensor1d(labels, 'int32'), {
        teacherLogits,
        temperature,
        taskWeight,
        distillWeight,
      });
    const logits = tf.tensor2d(fixture.logits, [batch, classes]);
    const { value, grad } = tf.valueAndGrad((z: tf.Tensor) => lossOf(z).loss)(logits);
    // f32 knows log softmax to 1e-6 (WebGPU's log is no better near 1), and T^2 stands before a difference of two of them.
    const known = 1e-6 * (Math.abs(fixture.loss) + temperature ** 2);
    expect(largest(differences(await value.data(), [fixture.loss]))).toBeLessThan(known);
    // Shares are known to 1e-6 of 1, and one of them stands with T before it.
    const slopes = differences(await grad.data(), fixture.gradient);
    expect(largest(slopes)).toBeLessThan((1e-6 * (1 + temperature)) / batch);
    // The same loss, summed, goes to the curves.
    const [sum] = await lossOf(logits).sums.data();
    expect(Math.abs((sum as number) - batch * fixture.loss)).toBeLessThan(batch * known);
  });

  it('is the plain loss, and its gradient, where the teacher has no weight', async () => {
    const logits = tf.tensor2d(Float32Array.from(values('z', 15)), [3, 5]);
    const teacherLogits = tf.tensor2d(Float32Array.from(values('u', 15)), [3, 5]);
    const targets = tf.softmax(tf.tensor2d(Float32Array.from(values('t', 15)), [3, 5]));
    const labels = tf.tensor1d([0, 4, 2], 'int32');
    const run = (distillation?: DistillationSettings) =>
      tf.grad(
        (z: tf.Tensor) =>
          opsOf(engine).softCrossEntropy(
            z as tf.Tensor2D,
            targets,
            labels,
            distillation && { ...distillation, teacherLogits },
          ).loss,
      )(logits);
    const plain = await run().data();
    const unweighted = await run({ temperature: 20, taskWeight: 1, distillWeight: 0 }).data();
    expect([...unweighted]).toEqual([...plain]);
    const followed = await run({ temperature: 20, taskWeight: 1, distillWeight: 1 }).data();
    expect([...followed]).not.toEqual([...plain]);
  });
});

/** The whole loss in fp64. */
function inFloat64(z: Float64Array, u: Float64Array, t: Float64Array, classes: number, settings: DistillationSettings) {
  const logSoftmax = (row: Float64Array, temperature: number) => {
    const most = Math.max(...row) / temperature;
    const sum = row.reduce((total, value) => total + Math.exp(value / temperature - most), 0);
    return row.map((value) => value / temperature - most - Math.log(sum));
  };
  const { temperature, taskWeight, distillWeight } = settings;
  const batch = z.length / classes;
  let loss = 0;
  for (let row = 0; row < batch; row++) {
    const at = [row * classes, (row + 1) * classes] as const;
    const hard = logSoftmax(z.subarray(...at), 1);
    const [p, q] = [z, u].map((x) => logSoftmax(x.subarray(...at), temperature)) as [Float64Array, Float64Array];
    for (let c = 0; c < classes; c++) {
      loss -= (taskWeight * (t[row * classes + c] as number) * (hard[c] as number)) / batch;
      const [logP, logQ] = [p[c] as number, q[c] as number];
      loss += (distillWeight * temperature ** 2 * Math.exp(logQ) * (logQ - logP)) / batch;
    }
  }
  return loss;
}

describe('the fused distillation loss', () => {
  it.each([
    [1, 2, 1],
    [5, 8, 20],
    [3, 11, 4],
  ])('has the slope that central differences find: %i rows, %i classes, T %i', async (batch, classes, temperature) => {
    const settings = { temperature, taskWeight: 0.75, distillWeight: 0.5 };
    const size = batch * classes;
    const [z, u] = ['z', 'u'].map((name) => values(name, size).map((value) => 4 * value)) as [
      Float64Array,
      Float64Array,
    ];
    const labels = Array.from({ length: batch }, (_, i) => (3 * i) % classes);
    const t = Float64Array.from(targetsOf(labels, classes, 0.1));
    const tensor = (data: Float64Array) => tf.tensor2d(Float32Array.from(data), [batch, classes]);
    const gradient = await tf
      .grad(
        (x: tf.Tensor) =>
          opsOf('fused').softCrossEntropy(x as tf.Tensor2D, tensor(t), tf.tensor1d(labels, 'int32'), {
            ...settings,
            teacherLogits: tensor(u),
          }).loss,
      )(tensor(z))
      .data();
    const step = 1e-5;
    const slopes = Array.from(z, (value, i) => {
      const [up, down] = [step, -step].map((by) => inFloat64(z.with(i, value + by), u, t, classes, settings));
      return ((up as number) - (down as number)) / (2 * step);
    });
    // f32 beside differences that are good to 1e-9: as tests/gpu/finite-differences.test.ts.
    expect(largest(differences(gradient, slopes)) / largest(slopes)).toBeLessThan(1e-5);
  });

  it('asks for two dispatches forward and one backward, as without a teacher', async () => {
    const { gpu } = await import('../../src/engine/gpu/dispatch');
    const zeros = () => tf.zeros([2, 3]) as tf.Tensor2D;
    const [logits, targets, teacherLogits] = [zeros(), zeros(), zeros()];
    const labels = tf.tensor1d([0, 1], 'int32');
    const settings = { teacherLogits, temperature: 20, taskWeight: 1, distillWeight: 1 };
    const { loss } = opsOf('fused').softCrossEntropy(logits, targets, labels, settings);
    await loss.data();
    const before = gpu().counters.dispatches;
    tf.grad((z: tf.Tensor) => opsOf('fused').softCrossEntropy(z as tf.Tensor2D, targets, labels, settings).loss)(
      logits,
    );
    expect(gpu().counters.dispatches - before).toBe(3);
  });
});
