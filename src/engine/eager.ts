/** The reference trainer: every micro-batch runs through tfjs op by op. */
import * as tf from '@tensorflow/tfjs-core';
import type { Totals } from '../core/results';
import { batchLoss, taught } from './batch-loss';
import { refuseBrokenWebGl } from './device-life';
import { variableGradients } from './gradients';
import { referenceEngine } from './reference';
import { createAverages } from './reference/averages';
import { mixedWithReverse, normalizedInput } from './reference/input';
import { createOptimizer } from './reference/optimizer';
import type { ImageBatch, Trainer, TrainerOptions } from './trainer';

const totalsOf = ([loss = 0, top1 = 0, top5 = 0]: ArrayLike<number> & Iterable<number>): Totals => ({
  loss,
  top1,
  top5,
});

export function createEagerTrainer({
  parameters,
  forward,
  optimizer: plan,
  classes,
  input,
  teacher,
}: TrainerOptions): Trainer {
  const optimizer = createOptimizer(parameters.trainable, plan);
  const averages = plan.averaging && createAverages(parameters, plan.averaging);
  const image = ({ pixels, count }: ImageBatch) => normalizedInput(pixels, { count, ...input });

  return {
    async prepare() {},

    async update(batches, { lr, weightDecay = plan.weightDecay, firstMicroBatch }) {
      let sum: Record<string, tf.Tensor> = {};
      const metrics: tf.Tensor[] = [];
      batches.forEach((batch, i) => {
        const added = tf.tidy(() => {
          const x = mixedWithReverse(image(batch), batch.mix);
          const targets = tf.tensor2d(batch.targets, [batch.count, classes]);
          const labels = tf.tensor1d(batch.labels, 'int32');
          const teacherLogits = taught(teacher, x);
          const { gradients, sums } = variableGradients(parameters.trainable(), () => {
            const logits = forward(x, { training: true, microBatch: firstMicroBatch + i });
            return batchLoss(referenceEngine, { logits, targets, labels }, teacher, teacherLogits);
          });
          metrics.push(tf.keep(sums));
          return Object.fromEntries(
            Object.entries(gradients).map(([name, gradient]) => {
              const share = batches.length === 1 ? gradient : tf.mul(gradient, 1 / batches.length);
              const old = sum[name];
              return [name, old ? tf.add(old, share) : share];
            }),
          );
        });
        tf.dispose(sum);
        sum = added;
      });
      optimizer.update(sum, lr, weightDecay);
      averages?.update();
      tf.dispose(sum);
      const all = await Promise.all(metrics.map((sums) => sums.data()));
      tf.dispose(metrics);
      refuseBrokenWebGl();
      return all
        .map(totalsOf)
        .reduce((a, b) => ({ loss: a.loss + b.loss, top1: a.top1 + b.top1, top5: a.top5 + b.top5 }));
    },

    async evaluate(batch, withLogits) {
      const [logits, sums] = tf.tidy(() => {
        const out = forward(image(batch), { training: false, microBatch: 0 });
        const labels = tf.tensor1d(batch.labels, 'int32');
        const targets = tf.cast(tf.oneHot(labels, classes), 'float32') as tf.Tensor2D;
        return [out, batchLoss(referenceEngine, { logits: out, targets, labels }).sums] as [tf.Tensor2D, tf.Tensor1D];
      });
      const [values, totals] = await Promise.all([withLogits ? logits.data() : undefined, sums.data()]);
      tf.dispose([logits, sums]);
      refuseBrokenWebGl();
      return { totals: totalsOf(totals as Float32Array), logits: values as Float32Array | undefined };
    },

    async exchangeAverages() {
      if (!averages) throw new Error('This run keeps no average of its weights.');
      averages.exchange();
    },

    async tune() {},

    report: () => ({
      engine: 'reference',
      dispatches: 0,
      submits: 0,
      uploadBytes: 0,
      boundBytes: 0,
      jsMs: 0,
      liveBytes: tf.memory().numBytes,
      peakBytes: 0,
      pipelines: 0,
      variants: [],
      compileMs: 0,
    }),
    // Plain ops have no clock.
    timeNextUpdate: async () => [],
    dispose() {
      optimizer.dispose();
      averages?.dispose();
    },
  };
}
