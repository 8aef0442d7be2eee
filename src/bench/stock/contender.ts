/** Stock tf.layers on the stock WebGPU backend, as its documentation shows it: compile, then trainOnBatch. */
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-webgpu';
import type { Contender } from '../contender';
import { MOMENTUM, noiseBatch } from '../workloads';
import { createStockLayers } from './layers';

export function createStock(): Contender {
  return {
    async open() {
      if (!(await tf.setBackend('webgpu'))) throw new Error('The WebGPU backend of stock tfjs did not start.');
      await tf.ready();
      return 'stock tfjs';
    },

    async build(workload, weights) {
      const { batch, size, classes } = workload;
      const { nn, load } = createStockLayers();
      const input = tf.input({ batchShape: [batch, size, size, 3] });
      const model = tf.model({ inputs: input, outputs: workload.forward(nn, input) });
      // On logits: cheaper and safer than a softmax layer and categoricalCrossentropy.
      const loss = (targets: tf.Tensor, logits: tf.Tensor) => tf.losses.softmaxCrossEntropy(targets, logits);
      model.compile({ optimizer: tf.train.momentum(workload.lr, MOMENTUM), loss });
      if (weights) load(weights);
      const { image, targets } = noiseBatch(workload);
      const x = tf.tensor(image, [batch, size, size, 3]);
      const y = tf.tensor(targets, [batch, classes]);
      return {
        step: async () => (await model.trainOnBatch(x, y)) as number,
        batchBytes: 0,
      };
    },
  };
}
