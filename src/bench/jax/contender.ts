/** jax-js on WebGPU, as its documentation shows it: jit of the whole training step. */
import { blockUntilReady, defaultDevice, init, nn as jaxNn, jit, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import type { Contender } from '../contender';
import { MOMENTUM, noiseBatch } from '../workloads';
import { type Arrays, createJaxLayers } from './layers';

const isRunning = (name: string) => /\.running_(mean|var)$/.test(name);

export function createJax(): Contender {
  return {
    async open() {
      if (!(await init('webgpu')).includes('webgpu')) throw new Error('The WebGPU backend of jax-js did not start.');
      defaultDevice('webgpu');
      return 'jax-js';
    },

    async build(workload, weights) {
      if (!weights) throw new Error('jax-js starts from the weights of another contender.');
      const { batch, size, classes } = workload;

      const lossOf = (parameters: Arrays, running: Arrays, x: np.Array, y: np.Array): [np.Array, Arrays] => {
        const { nn, moved, releaseAllBut } = createJaxLayers(parameters, running);
        const logits = workload.forward(nn, x);
        releaseAllBut(logits);
        tree.dispose(parameters);
        x.dispose();
        return [
          jaxNn
            .logSoftmax(logits)
            .mul(y)
            .sum()
            .mul(-1 / batch),
          moved,
        ];
      };

      const train = jit((parameters: Arrays, velocities: Arrays, running: Arrays, x: np.Array, y: np.Array) => {
        const [[loss, moved], gradients] = valueAndGrad(lossOf, { hasAux: true })(tree.ref(parameters), running, x, y);
        const faster = tree.map((g: np.Array, v: np.Array) => v.mul(MOMENTUM).add(g), gradients, velocities) as Arrays;
        const better = tree.map(
          (p: np.Array, v: np.Array) => p.sub(v.mul(workload.lr)),
          parameters,
          tree.ref(faster),
        ) as Arrays;
        return { loss, parameters: better, velocities: faster, running: moved };
      });

      const arrays = (running: boolean): Arrays =>
        Object.fromEntries(
          [...weights]
            .filter(([name]) => isRunning(name) === running)
            .map(([name, { data, shape }]) => [name, np.array(data as Float32Array<ArrayBuffer>).reshape(shape)]),
        );
      const { image, targets } = noiseBatch(workload);
      const x = np.array(image).reshape([batch, size, size, 3]).transpose([0, 3, 1, 2]);
      const y = np.array(targets).reshape([batch, classes]);
      const parameters = arrays(false);
      const velocities = tree.map((p: np.Array) => np.zeros(p.shape), parameters) as Arrays;
      let state = { parameters, velocities, running: arrays(true) };
      await blockUntilReady([x, y, state.parameters, state.velocities, state.running]);

      return {
        async step() {
          const { loss, ...next } = train(state.parameters, state.velocities, state.running, x.ref, y.ref);
          state = next;
          return (await loss.data())[0] as number;
        },
        batchBytes: 0,
      };
    },
  };
}
