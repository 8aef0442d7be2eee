/**
 * Gradients that replace tfjs's own, made of plain tfjs ops so that they hold on every backend. Stock ones run one serial
 * thread per weight (Conv2DBackpropFilter) or load three values per multiply-add (Conv2DBackpropInput).
 * Registered gradients are lazy per input: the first convolution never computes the gradient of the images.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';

type Shape4 = [number, number, number, number];
type Pair = [number, number];

/** Rows of one partial sum below. */
const PART_ROWS = 1024;

/**
 * a^T b of [rows, m] and [rows, n], the filter gradient of a 1x1 convolution. Rows (batch * height * width) are many and
 * the result is small, so rows are split into parts that are summed in a fixed order: parallel, and the same bits each time.
 */
function transposedMatMul(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const [rows, m] = a.shape;
  const n = b.shape[1];
  let parts = Math.floor(rows / PART_ROWS);
  while (parts > 1 && rows % parts !== 0) parts--;
  if (parts < 2) return tf.matMul(a, b, true, false);
  const split = (x: tf.Tensor2D, width: number) => tf.reshape(x, [parts, rows / parts, width]) as tf.Tensor3D;
  return tf.sum(tf.matMul(split(a, m), split(b, n), true, false), 0);
}

/** Filter gradient of a convolution [b, h, w, m] -> [b, oh, ow, n]: one matmul per tap, [kh, kw, m, n]. */
function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, shape: Shape4, strides: Pair, pad: number): tf.Tensor4D {
  const [kh, kw, m, n] = shape;
  const [batch, outHeight, outWidth] = dy.shape;
  const rows = batch * outHeight * outWidth;
  const padded =
    pad > 0
      ? tf.pad(x, [
          [0, 0],
          [pad, pad],
          [pad, pad],
          [0, 0],
        ])
      : x;
  const flatDy = tf.reshape(dy, [rows, n]) as tf.Tensor2D;
  const spanH = (outHeight - 1) * strides[0] + 1;
  const spanW = (outWidth - 1) * strides[1] + 1;
  const dense = strides[0] === 1 && strides[1] === 1;
  const taps: tf.Tensor2D[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const seen = dense
        ? tf.slice(padded, [0, i, j, 0], [batch, spanH, spanW, m])
        : tf.stridedSlice(padded, [0, i, j, 0], [batch, i + spanH, j + spanW, m], [1, ...strides, 1]);
      taps.push(transposedMatMul(tf.reshape(seen, [rows, m]), flatDy));
    }
  }
  return tf.reshape(tf.stack(taps), shape);
}

/** Input gradient; at stride 1 it is the convolution of dy with the turned filter, which has the faster kernel. */
function inputGradient(shape: Shape4, dy: tf.Tensor4D, filter: tf.Tensor4D, strides: Pair, pad: number): tf.Tensor4D {
  const [kh, kw] = filter.shape;
  if (strides[0] === 1 && strides[1] === 1 && kh === kw && pad < kh) {
    const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]) as tf.Tensor4D;
    return tf.conv2d(dy, turned, 1, kh - 1 - pad);
  }
  return tf
    .engine()
    .runKernel(tf.Conv2DBackpropInput, { dy, filter }, { strides, pad, dataFormat: 'NHWC', inputShape: shape });
}

/** tfjs's own, for the products that are not replaced. */
const stockMatMul = tf.getGradient(tf.BatchMatMul);

const replacements: tf.GradConfig[] = [
  {
    kernelName: tf.Conv2D,
    inputsToSave: ['x', 'filter'],
    gradFunc: (dy, saved, attributes) => {
      const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
      const strides = attributes.strides as number | Pair;
      const pair: Pair = typeof strides === 'number' ? [strides, strides] : strides;
      const pad = attributes.pad === 'valid' ? 0 : attributes.pad;
      if (typeof pad !== 'number') throw new Error(`A trained convolution needs its padding as a number, not ${pad}.`);
      return {
        x: () => inputGradient(x.shape, dy as tf.Tensor4D, filter, pair, pad),
        filter: () => filterGradient(x, dy as tf.Tensor4D, filter.shape, pair, pad),
      };
    },
  },
  {
    ...stockMatMul,
    gradFunc: (dy, saved, attributes) => {
      const gradients = stockMatMul.gradFunc(dy, saved, attributes);
      const [a] = saved as [tf.Tensor];
      const plain = a.rank === 2 && !attributes.transposeA && !attributes.transposeB;
      return plain ? { ...gradients, b: () => transposedMatMul(a as tf.Tensor2D, dy as tf.Tensor2D) } : gradients;
    },
  },
];

/** Puts these gradients in the place of tfjs's. Repeating it changes nothing. */
export function replaceGradients(): void {
  for (const replacement of replacements) tf.registerGradient(replacement);
}
