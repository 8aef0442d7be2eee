/** The loss of a batch, with a teacher or without one. */
import * as tf from '@tensorflow/tfjs-core';
import { distillation, softCrossEntropy } from './ops/loss';
import type { Engine, Teacher } from './trainer';

/** What is descended, [], and the sums over the batch [3]: loss, label within the first 1, within the first 5. */
export interface BatchLoss {
  loss: tf.Scalar;
  sums: tf.Tensor1D;
}

/**
 * The teacher's logits for the images that the student will see, x [batch, size, size, 3]. Call before the tape is on, within
 * tf.tidy, which owns the logits: nothing of the teacher's forward pass outlives it, and no gradient is asked for.
 */
export const taught = (teacher: Teacher | undefined, x: tf.Tensor4D): tf.Tensor2D | undefined =>
  teacher && tf.tidy(() => teacher.forward(x));

/** logits and targets [batch, classes], labels int32 [batch]; with a teacher also its settings and its logits for the batch. */
export function batchLoss(
  { run }: Engine,
  answers: { logits: tf.Tensor2D; targets: tf.Tensor2D; labels: tf.Tensor1D },
  teacher?: Teacher,
  teacherLogits?: tf.Tensor2D,
): BatchLoss {
  const { loss, sums } =
    teacher && teacherLogits
      ? run(distillation, { ...answers, teacher: teacherLogits }, teacher)
      : run(softCrossEntropy, answers, {});
  return { loss: loss as tf.Scalar, sums: sums as tf.Tensor1D };
}
