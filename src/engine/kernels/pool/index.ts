/** Max, average and global average pooling, registered with their gradients. */
import * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../gpu/dispatch';
import { registerFused } from '../register';
import averageText from './average.wgsl?raw';
import averageGradientText from './average-gradient.wgsl?raw';
import maxText from './max.wgsl?raw';
import maxGradientText from './max-gradient.wgsl?raw';

type Image = readonly [number, number, number, number];

interface MaxAttributes {
  kernel: number;
  stride: number;
  padding: number;
}

interface AverageAttributes {
  input: Image;
  output: Image;
  kernel: readonly [number, number];
  stride: number;
}

function vectors(channels: number) {
  const vec = channels % 4 === 0;
  return { VEC: Number(vec), perPixel: vec ? channels / 4 : channels };
}

/** Sides of both images, and channels as the shaders count them. */
const dims = (input: Image, output: Image, perPixel: number) => [input[1], input[2], output[1], output[2], perPixel];

const threadsOf = ([batch, height, width]: Image, perPixel: number) => batch * height * width * perPixel;

const maxOutput = (input: Image, { kernel, stride, padding }: MaxAttributes): Image => {
  const slide = (side: number) => Math.floor((side + 2 * padding - kernel) / stride) + 1;
  return [input[0], slide(input[1]), slide(input[2]), input[3]];
};

const runMax = registerFused<MaxAttributes>('TricklabMaxPool', {
  forward: (inputs, attributes) => {
    const x = inputs.x as tf.TensorInfo;
    const input = x.shape as unknown as Image;
    const output = maxOutput(input, attributes);
    const { VEC, perPixel } = vectors(input[3]);
    const y = gpu().activation(output);
    const { kernel, stride, padding } = attributes;
    const threads = threadsOf(output, perPixel);
    gpu().dispatch({
      kernel: { name: 'max-pool', text: maxText, constants: { VEC, KERNEL: kernel, STRIDE: stride, PADDING: padding } },
      inputs: [x],
      outputs: [y],
      u32: [threads, ...dims(input, output, perPixel)],
      threads,
    });
    return y;
  },
  saved: ['x'],
  savedOutputs: [true],
  backward: ([dy], [x, y], { kernel, stride, padding }) => ({
    x: () => {
      const input = x.shape as unknown as Image;
      const { VEC, perPixel } = vectors(input[3]);
      const dx = gpu().activation(input);
      const threads = threadsOf(input, perPixel);
      gpu().dispatch({
        kernel: {
          name: 'max-pool-gradient',
          text: maxGradientText,
          constants: { VEC, KERNEL: kernel, STRIDE: stride, PADDING: padding },
        },
        inputs: [dy, x, y],
        outputs: [dx],
        u32: [threads, ...dims(input, y.shape as unknown as Image, perPixel)],
        threads,
      });
      return dx;
    },
  }),
});

function average(from: tf.TensorInfo, backward: boolean, { input, output, kernel, stride }: AverageAttributes) {
  const { VEC, perPixel } = vectors(input[3]);
  const shape = backward ? input : output;
  const to = gpu().activation(shape);
  const threads = threadsOf(shape, perPixel);
  gpu().dispatch({
    kernel: {
      name: backward ? 'average-pool-gradient' : 'average-pool',
      text: backward ? averageGradientText : averageText,
      constants: { VEC, STRIDE: stride },
    },
    inputs: [from],
    outputs: [to],
    u32: [threads, ...dims(input, output, perPixel), ...kernel],
    threads,
  });
  return to;
}

const runAverage = registerFused<AverageAttributes>('TricklabAveragePool', {
  forward: ({ x }, attributes) => average(x as tf.TensorInfo, false, attributes),
  backward: ([dy], _saved, attributes) => ({ x: () => average(dy, true, attributes) }),
});

/** See Ops.maxPool. */
export const maxPool = (x: tf.Tensor4D, attributes: MaxAttributes): tf.Tensor4D =>
  runMax({ x }, attributes)[0] as tf.Tensor4D;

/** See Ops.avgPool. */
export function avgPool(
  x: tf.Tensor4D,
  { kernel, stride, ceil }: { kernel: number; stride: number; ceil: boolean },
): tf.Tensor4D {
  const slide = (side: number) => {
    const span = (side - kernel) / stride;
    const count = (ceil ? Math.ceil(span) : Math.floor(span)) + 1;
    // PyTorch drops a last window that would start outside.
    return (count - 1) * stride >= side ? count - 1 : count;
  };
  const [batch, height, width, channels] = x.shape;
  const output: Image = [batch, slide(height), slide(width), channels];
  return runAverage({ x }, { input: x.shape, output, kernel: [kernel, kernel], stride })[0] as tf.Tensor4D;
}

/** [b, h, w, c] -> [b, c]. */
export function globalAvgPool(x: tf.Tensor4D): tf.Tensor2D {
  const [batch, height, width, channels] = x.shape;
  const output: Image = [batch, 1, 1, channels];
  const y = runAverage({ x }, { input: x.shape, output, kernel: [height, width], stride: Math.max(height, width) })[0];
  return tf.reshape(y as tf.Tensor, [batch, channels]);
}
