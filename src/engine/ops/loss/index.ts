/** Cross-entropy with soft targets and, with a teacher, distillation; with the metrics of the batch on the way. */
import type { Scalar, Tensor, Tensor1D, Tensor2D, TensorInfo } from '@tensorflow/tfjs-core';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { type Array64, softmax64 } from '../array64';
import { defineOp, type Tf } from '../define';
import gradientText from './gradient.wgsl?raw';
import rowsText from './rows.wgsl?raw';
import totalText from './total.wgsl?raw';

const softness = { sharpness: 'f32', task: 'f32', distill: 'f32' } as const;

const rowsKernel = kernelOf({
  name: 'loss-rows',
  body: rowsText,
  tensors: {
    logits: 'read f32',
    targets: 'read f32',
    labels: 'read i32',
    teacher: 'read f32?',
    rows: 'write vec4f',
    soft: 'write vec2f?',
  },
  uniforms: { batch: 'u32', classes: 'u32', ...softness },
});

const totalKernel = kernelOf({
  name: 'loss-total',
  body: totalText,
  tensors: { rows: 'read vec4f', sums: 'write f32', mean: 'write f32' },
  uniforms: { batch: 'u32' },
});

const gradientKernel = kernelOf({
  name: 'loss-gradient',
  body: gradientText,
  tensors: {
    dy: 'read f32',
    logits: 'read f32',
    targets: 'read f32',
    rows: 'read vec4f',
    teacher: 'read f32?',
    soft: 'read vec2f?',
    dz: 'write f32',
  },
  uniforms: { size: 'u32', classes: 'u32', perRow: 'f32', ...softness },
});

export interface DistillationSettings {
  /** T: both networks' logits are divided by it; at 1 it is the plain softmax. */
  temperature: number;
  /** Factors of the cross-entropy and of the term that follows the teacher. */
  taskWeight: number;
  distillWeight: number;
}

/** Without a teacher the cross-entropy is all; the shader then reads none of these. */
const alone: DistillationSettings = { temperature: 1, taskWeight: 1, distillWeight: 0 };

const uniformsOf = ({ temperature, taskWeight, distillWeight }: DistillationSettings) => ({
  sharpness: 1 / temperature,
  task: taskWeight,
  distill: distillWeight,
});

interface Answers {
  logits: TensorInfo;
  targets: TensorInfo;
  labels: TensorInfo;
  teacher?: TensorInfo | undefined;
}

const sizesOf = (logits: TensorInfo) => {
  const [batch, classes] = logits.shape as [number, number];
  return { batch, classes };
};

/** Writes rows [batch, 4] and with a teacher soft [batch, 2]; the mean loss [] and the sums [3]. */
function forward(gpu: Gpu, answers: Answers, settings: DistillationSettings, soft?: TensorInfo) {
  const { batch, classes } = sizesOf(answers.logits);
  const rows = gpu.empty([batch, 4]);
  gpu.dispatch(rowsKernel, {
    tensors: { ...answers, rows, soft },
    uniforms: { batch, classes, ...uniformsOf(settings) },
    constants: {},
    threads: batch,
  });
  const sums = gpu.empty([3]);
  const loss = gpu.empty([]);
  gpu.dispatch(totalKernel, { tensors: { rows, sums, mean: loss }, uniforms: { batch }, constants: {}, threads: 1 });
  return { loss, sums, rows };
}

interface Kept {
  logits: TensorInfo;
  targets: TensorInfo;
  rows: TensorInfo;
  teacher?: TensorInfo;
  soft?: TensorInfo;
}

function gradient(gpu: Gpu, dy: TensorInfo, kept: Kept, settings: DistillationSettings): TensorInfo {
  const { batch, classes } = sizesOf(kept.logits);
  const dz = gpu.activation(kept.logits.shape);
  gpu.dispatch(gradientKernel, {
    tensors: { dy, ...kept, dz },
    uniforms: {
      size: batch * classes,
      classes,
      perRow: gpu.halves.precision.lossScale / batch,
      ...uniformsOf(settings),
    },
    constants: {},
    threads: batch * classes,
  });
  return dz;
}

/**
 * Mean over the batch of -sum(target * log softmax(logits)); logits and targets [batch, classes], targets' rows sum to 1.
 * Gradient in closed form: (softmax(logits) - target) / batch, since the stock one spends 23 dispatches on it.
 */
function crossEntropyReference(tf: Tf, logits: Tensor, targets: Tensor): Scalar {
  const loss = tf.customGrad((...args: unknown[]) => {
    const [z, t, save] = args as [Tensor2D, Tensor2D, (saved: Tensor[]) => void];
    const logProbabilities = tf.logSoftmax(z);
    const value = tf.neg(tf.mean(tf.sum(tf.mul(logProbabilities, t), -1))) as Scalar;
    save([logProbabilities, t]);
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [logP, target] = saved as [Tensor2D, Tensor2D];
        const dz = tf.mul(tf.sub(tf.exp(logP), target), tf.div(dy, logP.shape[0]));
        return [dz, tf.zerosLike(target)];
      },
    };
  });
  return loss(logits, targets) as Scalar;
}

/**
 * Mean over the batch of T^2 * KL(softmax(teacher / T) || softmax(logits / T)), both [batch, classes]: by how much the student's
 * answers differ from the teacher's, on a scale on which the gradient does not fade with T. Gradient in closed form:
 * T * (softmax(logits / T) - softmax(teacher / T)) / batch; the teacher gets none.
 */
function divergenceReference(tf: Tf, logits: Tensor, teacher: Tensor, temperature: number): Scalar {
  const loss = tf.customGrad((...args: unknown[]) => {
    const [z, u, save] = args as [Tensor2D, Tensor2D, (saved: Tensor[]) => void];
    const student = tf.logSoftmax(tf.div(z, temperature));
    const taught = tf.logSoftmax(tf.div(u, temperature));
    const divergence = tf.sum(tf.mul(tf.exp(taught), tf.sub(taught, student)), -1);
    save([student, taught]);
    return {
      value: tf.mul(tf.mean(divergence), temperature ** 2) as Scalar,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [logP, logQ] = saved as [Tensor2D, Tensor2D];
        const perRow = tf.mul(dy, temperature / logP.shape[0]);
        return [tf.mul(tf.sub(tf.exp(logP), tf.exp(logQ)), perRow), tf.zerosLike(logQ)];
      },
    };
  });
  return loss(logits, teacher) as Scalar;
}

/** [loss, correct within 1, correct within 5] summed over the batch, [3]; see rows.wgsl for what counts as correct. */
function sumsReference(tf: Tf, meanLoss: Scalar, logits: Tensor, labels: Tensor): Tensor1D {
  return tf.tidy(() => {
    const [batch, classes] = logits.shape as [number, number];
    const isOwn = tf.cast(tf.oneHot(labels as Tensor1D, classes), 'bool');
    const own = tf.sum(tf.where(isOwn, logits, tf.zerosLike(logits)), -1, true);
    const earlier = tf.less(tf.range(0, classes, 1, 'int32'), tf.expandDims(tf.cast(labels, 'int32'), 1));
    const before = tf.logicalOr(tf.greater(logits, own), tf.logicalAnd(tf.equal(logits, own), earlier));
    const above = tf.sum(tf.cast(tf.logicalOr(before, tf.isNaN(logits)), 'float32'), -1);
    const rank = tf.add(above, tf.mul(tf.cast(tf.squeeze(tf.isNaN(own), [1]), 'float32'), 5));
    return tf.stack([
      tf.mul(meanLoss, batch),
      tf.sum(tf.cast(tf.less(rank, 0.5), 'float32')),
      tf.sum(tf.cast(tf.less(rank, 4.5), 'float32')),
    ]) as Tensor1D;
  });
}

/** Mean over the rows of -sum(target * log softmax(logits)). */
function crossEntropy64(logits: Array64, targets: Array64): number {
  const [batch, classes] = logits.shape as readonly [number, number];
  let loss = 0;
  for (let row = 0; row < batch; row++) {
    const target = targets.data.subarray(row * classes, (row + 1) * classes);
    softmax64([...logits.data.subarray(row * classes, (row + 1) * classes)]).forEach((p, c) => {
      loss -= ((target[c] as number) * Math.log(p)) / batch;
    });
  }
  return loss;
}

/** Mean over the rows of T^2 * KL(softmax(teacher / T) || softmax(logits / T)). */
function divergence64(logits: Array64, teacher: Array64, temperature: number): number {
  const [batch, classes] = logits.shape as readonly [number, number];
  let sum = 0;
  for (let row = 0; row < batch; row++) {
    const shares = ({ data }: Array64) =>
      softmax64(Array.from(data.subarray(row * classes, (row + 1) * classes), (value) => value / temperature));
    const student = shares(logits);
    shares(teacher).forEach((p, c) => {
      sum += (p * Math.log(p / (student[c] as number))) / batch;
    });
  }
  return sum * temperature ** 2;
}

const scalar64 = (value: number): Array64 => ({ shape: [], data: Float64Array.of(value) });

/**
 * loss []: mean over the batch of -sum(target * log softmax(logits)). sums [3]: loss, label within the first 1, within the first 5,
 * summed over the rows. logits and targets [batch, classes], targets' rows sum to 1; labels int32 [batch], the dominant classes; a
 * label below 0 is padding and counts for nothing.
 */
export const softCrossEntropy = defineOp()({
  name: 'softCrossEntropy',
  inputs: { logits: 'activation', targets: 'constant', labels: 'constant' },
  outputs: ['loss', 'sums', 'rows'],
  shape: () => [],
  cost: () => ({ saved: 0 }),
  kernels: {
    forward: (gpu, inputs) => forward(gpu, inputs, alone),
    keeps: () => ['logits', 'targets', 'rows'],
    gradients: (gpu, dy, kept) => ({ logits: () => gradient(gpu, dy, kept, alone) }),
  },
  reference(tf, { logits, targets, labels }) {
    const loss = crossEntropyReference(tf, logits, targets);
    return { loss, sums: sumsReference(tf, loss, logits, labels) };
  },
  float64: ({ logits, targets }) => scalar64(crossEntropy64(logits, targets)),
  fillings: { logits: 'wide', targets: 'shares', labels: 'labels' },
  cases: [
    { name: 'one row of two classes', inputs: { logits: [1, 2], targets: [1, 2], labels: [1] }, attributes: {} },
    { name: 'vec4 classes', inputs: { logits: [5, 8], targets: [5, 8], labels: [5] }, attributes: {} },
    { name: 'odd classes', inputs: { logits: [3, 11], targets: [3, 11], labels: [3] }, attributes: {} },
    { name: 'many classes', inputs: { logits: [3, 43], targets: [3, 43], labels: [3] }, attributes: {} },
  ],
});

const distillationCase = (classes: number, attributes: DistillationSettings) => ({
  name: `${classes} classes at T = ${attributes.temperature}`,
  inputs: { logits: [4, classes], targets: [4, classes], labels: [4], teacher: [4, classes] },
  attributes,
});

/**
 * The same with a teacher [batch, classes], logits of a trained network for the same images, which get no gradient. The loss, also the
 * one in sums, is the whole that is descended: taskWeight * cross-entropy + distillWeight * T^2 * KL(softmax(teacher / T) ||
 * softmax(logits / T)) (Hinton et al. 2015; He et al. 2019, section 5.3). In f32 the second term is known to about 2e-7 * T^2, its
 * gradient to the last few bits.
 */
export const distillation = defineOp<DistillationSettings>()({
  name: 'distillation',
  inputs: { logits: 'activation', targets: 'constant', labels: 'constant', teacher: 'constant' },
  outputs: ['loss', 'sums', 'rows', 'soft'],
  shape: () => [],
  cost: () => ({ saved: 0 }),
  kernels: {
    forward(gpu, inputs, attributes) {
      const soft = gpu.empty([inputs.logits.shape[0] as number, 2]);
      return { ...forward(gpu, inputs, attributes, soft), soft };
    },
    keeps: () => ['logits', 'targets', 'teacher', 'rows', 'soft'],
    gradients: (gpu, dy, kept, attributes) => ({ logits: () => gradient(gpu, dy, kept, attributes) }),
  },
  reference(tf, { logits, targets, labels, teacher }, { temperature, taskWeight, distillWeight }) {
    const task = crossEntropyReference(tf, logits, targets);
    const divergence = divergenceReference(tf, logits, teacher, temperature);
    const loss = tf.add(tf.mul(task, taskWeight), tf.mul(divergence, distillWeight)) as Scalar;
    return { loss, sums: sumsReference(tf, loss, logits, labels) };
  },
  float64: ({ logits, targets, teacher }, { temperature, taskWeight, distillWeight }) =>
    scalar64(taskWeight * crossEntropy64(logits, targets) + distillWeight * divergence64(logits, teacher, temperature)),
  fillings: { logits: 'wide', targets: 'shares', labels: 'labels', teacher: 'wide' },
  cases: [
    distillationCase(10, { temperature: 1, taskWeight: 1, distillWeight: 1 }),
    distillationCase(7, { temperature: 4, taskWeight: 0.7, distillWeight: 1.3 }),
    distillationCase(3, { temperature: 20, taskWeight: 0.5, distillWeight: 0.5 }),
  ],
});
