/** The loss with a teacher: both engines against torch, the kernel against central differences in fp64, and what must not change. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { engineOf } from '../../src/engine';
import { gpu } from '../../src/engine/gpu/dispatch';
import { type DistillationSettings, distillation, softCrossEntropy } from '../../src/engine/ops/loss';
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
    const teacher = tf.tensor2d(fixture.teacher, [batch, classes]);
    const targets = tf.tensor2d(targetsOf(labels, classes, fixture.smoothing), [batch, classes]);
    const lossOf = (z: tf.Tensor) =>
      engineOf(engine).run(
        distillation,
        { logits: z, targets, labels: tf.tensor1d(labels, 'int32'), teacher },
        { temperature, taskWeight, distillWeight },
      );
    const logits = tf.tensor2d(fixture.logits, [batch, classes]);
    const { value, grad } = tf.valueAndGrad((z: tf.Tensor) => lossOf(z).loss as tf.Tensor)(logits);
    // f32 knows log softmax to 1e-6 (WebGPU's log is no better near 1), and T^2 stands before a difference of two of them.
    const known = 1e-6 * (Math.abs(fixture.loss) + temperature ** 2);
    expect(largest(differences(await value.data(), [fixture.loss]))).toBeLessThan(known);
    // Shares are known to 1e-6 of 1, and one of them stands with T before it.
    const slopes = differences(await grad.data(), fixture.gradient);
    expect(largest(slopes)).toBeLessThan((1e-6 * (1 + temperature)) / batch);
    // The same loss, summed, goes to the curves.
    const [sum] = await (lossOf(logits).sums as tf.Tensor).data();
    expect(Math.abs((sum as number) - batch * fixture.loss)).toBeLessThan(batch * known);
  });

  it('is the plain loss, and its gradient, where the teacher has no weight', async () => {
    const logits = tf.tensor2d(Float32Array.from(values('z', 15)), [3, 5]);
    const teacher = tf.tensor2d(Float32Array.from(values('u', 15)), [3, 5]);
    const targets = tf.softmax(tf.tensor2d(Float32Array.from(values('t', 15)), [3, 5]));
    const labels = tf.tensor1d([0, 4, 2], 'int32');
    const run = (settings?: DistillationSettings) =>
      tf.grad((z: tf.Tensor) => {
        const answers = { logits: z, targets, labels };
        const { loss } = settings
          ? engineOf(engine).run(distillation, { ...answers, teacher }, settings)
          : engineOf(engine).run(softCrossEntropy, answers, {});
        return loss as tf.Tensor;
      })(logits);
    const plain = await run().data();
    const unweighted = await run({ temperature: 20, taskWeight: 1, distillWeight: 0 }).data();
    expect([...unweighted]).toEqual([...plain]);
    const followed = await run({ temperature: 20, taskWeight: 1, distillWeight: 1 }).data();
    expect([...followed]).not.toEqual([...plain]);
  });
});

describe('the fused distillation loss', () => {
  it('asks for two dispatches forward and one backward, as without a teacher', async () => {
    const zeros = () => tf.zeros([2, 3]) as tf.Tensor2D;
    const [logits, targets, teacher] = [zeros(), zeros(), zeros()];
    const labels = tf.tensor1d([0, 1], 'int32');
    const settings = { temperature: 20, taskWeight: 1, distillWeight: 1 };
    const lossOf = (z: tf.Tensor) =>
      engineOf('fused').run(distillation, { logits: z, targets, labels, teacher }, settings).loss as tf.Tensor;
    await lossOf(logits).data();
    const before = gpu().counters.dispatches;
    tf.grad(lossOf)(logits);
    expect(gpu().counters.dispatches - before).toBe(3);
  });
});
