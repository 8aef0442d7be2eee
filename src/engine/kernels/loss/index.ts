/** Cross-entropy with soft targets, with the metrics of the batch on the way; registered with its gradient. */
import type * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../gpu/dispatch';
import { registerFused } from '../register';
import gradientText from './gradient.wgsl?raw';
import rowsText from './rows.wgsl?raw';
import totalText from './total.wgsl?raw';

const run = registerFused<object>('TricklabSoftCrossEntropy', {
  forward: (inputs) => {
    const { logits, targets, labels } = inputs as Record<'logits' | 'targets' | 'labels', tf.TensorInfo>;
    const [batch, classes] = logits.shape as [number, number];
    const rows = gpu().empty([batch, 4]);
    gpu().dispatch({
      kernel: { name: 'loss-rows', text: rowsText, constants: {} },
      inputs: [logits, targets, labels],
      outputs: [rows],
      u32: [batch, classes],
      threads: batch,
    });
    const sums = gpu().empty([3]);
    const mean = gpu().empty([]);
    gpu().dispatch({
      kernel: { name: 'loss-total', text: totalText, constants: {} },
      inputs: [rows],
      outputs: [sums, mean],
      u32: [batch],
      threads: 1,
    });
    return [mean, sums, rows];
  },
  saved: ['logits', 'targets'],
  savedOutputs: [false, false, true],
  backward: ([dy], [logits, targets, rows]) => ({
    logits: () => {
      const [batch, classes] = logits.shape as [number, number];
      const dz = gpu().activation(logits.shape);
      gpu().dispatch({
        kernel: { name: 'loss-gradient', text: gradientText, constants: {} },
        inputs: [dy, logits, targets, rows],
        outputs: [dz],
        u32: [batch * classes, classes],
        f32: [gpu().halves.precision.lossScale / batch],
        threads: batch * classes,
      });
      return dz;
    },
  }),
});

/** See Ops.softCrossEntropy. */
export function softCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D, labels: tf.Tensor1D) {
  const [loss, sums] = run({ logits, targets, labels }, {});
  return { loss: loss as tf.Scalar, sums: sums as tf.Tensor1D };
}
