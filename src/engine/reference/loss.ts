/** Cross-entropy with soft targets, and the metrics of a batch, both on the GPU. */
import * as tf from '@tensorflow/tfjs-core';

/**
 * Mean over the batch of -sum(target * log softmax(logits)); logits and targets [batch, classes], targets' rows sum to 1.
 * Gradient in closed form: (softmax(logits) - target) / batch, since the stock one spends 23 dispatches on it.
 */
export function softCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
  const loss = tf.customGrad((...args: unknown[]) => {
    const [z, t, save] = args as [tf.Tensor2D, tf.Tensor2D, (saved: tf.Tensor[]) => void];
    const logProbabilities = tf.logSoftmax(z);
    const value = tf.neg(tf.mean(tf.sum(tf.mul(logProbabilities, t), -1))) as tf.Scalar;
    save([logProbabilities, t]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [logP, target] = saved as [tf.Tensor2D, tf.Tensor2D];
        const dz = tf.mul(tf.sub(tf.exp(logP), target), tf.div(dy, logP.shape[0]));
        return [dz, tf.zerosLike(target)];
      },
    };
  });
  return loss(logits, targets) as tf.Scalar;
}

/**
 * Mean over the batch of T^2 * KL(softmax(teacherLogits / T) || softmax(logits / T)), both [batch, classes]: by how much the
 * student's answers differ from the teacher's, on a scale on which the gradient does not fade with T. Gradient in closed form:
 * T * (softmax(logits / T) - softmax(teacherLogits / T)) / batch; the teacher gets none.
 */
export function distillationLoss(logits: tf.Tensor2D, teacherLogits: tf.Tensor2D, temperature: number): tf.Scalar {
  const loss = tf.customGrad((...args: unknown[]) => {
    const [z, u, save] = args as [tf.Tensor2D, tf.Tensor2D, (saved: tf.Tensor[]) => void];
    const student = tf.logSoftmax(tf.div(z, temperature));
    const teacher = tf.logSoftmax(tf.div(u, temperature));
    const divergence = tf.sum(tf.mul(tf.exp(teacher), tf.sub(teacher, student)), -1);
    save([student, teacher]);
    return {
      value: tf.mul(tf.mean(divergence), temperature ** 2) as tf.Scalar,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [logP, logQ] = saved as [tf.Tensor2D, tf.Tensor2D];
        const perRow = tf.mul(dy, temperature / logP.shape[0]);
        return [tf.mul(tf.sub(tf.exp(logP), tf.exp(logQ)), perRow), tf.zerosLike(logQ)];
      },
    };
  });
  return loss(logits, teacherLogits) as tf.Scalar;
}

/**
 * [loss, correct within 1, correct within 5] summed over the batch, as one tensor [3] so that one read-back brings all.
 * labels int32 [batch] are the dominant classes. Ties count for the network.
 */
export function batchMetrics(meanLoss: tf.Scalar, logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  return tf.tidy(() => {
    const [batch, classes] = logits.shape;
    const own = tf.sum(tf.mul(logits, tf.oneHot(labels, classes)), -1, true);
    const rank = tf.sum(tf.cast(tf.greater(logits, own), 'float32'), -1);
    return tf.stack([
      tf.mul(meanLoss, batch),
      tf.sum(tf.cast(tf.less(rank, 0.5), 'float32')),
      tf.sum(tf.cast(tf.less(rank, 4.5), 'float32')),
    ]) as tf.Tensor1D;
  });
}
