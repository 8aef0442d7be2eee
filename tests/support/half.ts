/** From one precision to the other within a step, with gradients that go the other way. */
import type * as tf from '@tensorflow/tfjs-core';
import { engineOf } from '../../src/engine';
import { convert } from '../../src/engine/kernels/convert';
import { map64 } from '../../src/engine/ops/array64';
import { defineOp } from '../../src/engine/ops/define';

const conversion = (name: string, to: 'half' | 'full') =>
  defineOp()({
    name,
    inputs: { x: 'activation' },
    outputs: ['y'],
    shape: ({ x }) => x,
    kernels: {
      forward(gpu, { x }) {
        const y = to === 'half' ? gpu.activation(x.shape) : gpu.empty(x.shape);
        convert(gpu, x, y);
        return { y };
      },
      keeps: () => [],
      gradients: (gpu, dy) => ({
        x: () => {
          const dx = to === 'half' ? gpu.empty(dy.shape) : gpu.activation(dy.shape);
          convert(gpu, dy, dx);
          return dx;
        },
      }),
    },
    reference: (ops, { x }) => ({ y: ops.clone(x) }),
    float64: ({ x }) => map64(x, (value) => value),
    cases: [],
  });

const [half, full] = [conversion('testToHalf', 'half'), conversion('testToFull', 'full')];

/** As f16, where the step asks for it. */
export const toHalf = (x: tf.Tensor): tf.Tensor => engineOf('fused').run(half, { x }, {}).y as tf.Tensor;
export const toFull = (x: tf.Tensor): tf.Tensor => engineOf('fused').run(full, { x }, {}).y as tf.Tensor;
