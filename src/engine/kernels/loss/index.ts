/** Cross-entropy with soft targets and, with a teacher, distillation; with the metrics of the batch on the way. */
import type * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../gpu/dispatch';
import type { Distillation, DistillationSettings } from '../../ops';
import { registerFused } from '../register';
import gradientText from './gradient.wgsl?raw';
import rowsText from './rows.wgsl?raw';
import totalText from './total.wgsl?raw';

/** The part of the shaders' dims that only a teacher needs. */
const softness = ({ temperature, taskWeight, distillWeight }: DistillationSettings) => [
  1 / temperature,
  taskWeight,
  distillWeight,
];

/** Registers the loss without a teacher, or with one, whose logits get no gradient: same dispatches, same shaders. */
function registerLoss<A extends object>(name: string, distilled: boolean, settings: (attributes: A) => number[]) {
  const constants = { DISTILL: Number(distilled) };
  return registerFused<A>(name, {
    forward: (inputs, attributes) => {
      const { logits, targets, labels, teacher } = inputs as Record<'logits' | 'targets' | 'labels', tf.TensorInfo> & {
        teacher?: tf.TensorInfo;
      };
      const [batch, classes] = logits.shape as [number, number];
      const rows = gpu().empty([batch, 4]);
      const soft = distilled ? [gpu().empty([batch, 2])] : [];
      gpu().dispatch({
        kernel: { name: 'loss-rows', text: rowsText, constants },
        inputs: [logits, targets, labels, ...(teacher ? [teacher] : [])],
        outputs: [rows, ...soft],
        u32: [batch, classes],
        f32: settings(attributes),
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
      return [mean, sums, rows, ...soft];
    },
    saved: ['logits', 'targets', ...(distilled ? ['teacher'] : [])],
    savedOutputs: [false, false, true, ...(distilled ? [true] : [])],
    backward: ([dy], [logits, targets, ...rest], attributes) => ({
      logits: () => {
        const [batch, classes] = logits.shape as [number, number];
        // The saved outputs come last, here and in the shader: rows, then what the teacher needs.
        const [rows, ...ofTeacher] = distilled ? [rest[1], rest[0], rest[2]] : rest;
        const dz = gpu().activation(logits.shape);
        gpu().dispatch({
          kernel: { name: 'loss-gradient', text: gradientText, constants },
          inputs: [dy, logits, targets, rows as tf.Tensor, ...(ofTeacher as tf.Tensor[])],
          outputs: [dz],
          u32: [batch * classes, classes],
          f32: [gpu().halves.precision.lossScale / batch, ...settings(attributes)],
          threads: batch * classes,
        });
        return dz;
      },
    }),
  });
}

const plain = registerLoss<object>('TricklabSoftCrossEntropy', false, () => []);
const withTeacher = registerLoss<DistillationSettings>('TricklabDistillation', true, softness);

/** See Ops.softCrossEntropy. */
export function softCrossEntropy(
  logits: tf.Tensor2D,
  targets: tf.Tensor2D,
  labels: tf.Tensor1D,
  distillation?: Distillation,
) {
  const [loss, sums] = distillation
    ? withTeacher({ logits, targets, labels, teacher: distillation.teacherLogits }, distillation)
    : plain({ logits, targets, labels }, {});
  return { loss: loss as tf.Scalar, sums: sums as tf.Tensor1D };
}
