/** Tricklab's own trainer, as a contender. */
import * as engine from '../engine';
import type { Contender } from './contender';
import { CENTRE, MOMENTUM, noiseBatch } from './workloads';

const SEED = 1;
/** As long as a run of the trainer spends on it at most. */
const MOST_TUNING_MS = 20_000;
const centre = [CENTRE, CENTRE, CENTRE] as const;

export function createOurs(): Contender {
  let failure: string | undefined;
  const fail = (message: string) => {
    failure ??= message;
  };
  return {
    async open() {
      const summary = await engine.openBackend({ onError: fail, onLost: fail });
      if (summary.backend !== 'webgpu') throw new Error(`The benchmark needs WebGPU. ${summary.fallbackReason}`);
      return summary.description;
    },

    async build(workload, weights) {
      const { batch, size, classes } = workload;
      const parameters = engine.createParameters(SEED);
      const forward = (x: engine.Tensor4D, mode: { training: boolean; microBatch: engine.MicroBatchNumber }) =>
        workload.forward<engine.Tensor>(
          engine.createLayers(parameters, { engine: engine.engineOf('fused'), seed: SEED, ...mode }),
          x,
        ) as engine.Tensor2D;
      engine.buildParameters(forward, size);
      if (weights) parameters.load(weights);
      const trainer = engine.createTrainer('fused', {
        parameters,
        forward,
        optimizer: {
          rule: { kind: 'sgd', momentum: MOMENTUM, nesterov: false },
          weightDecay: 0,
          decayVectors: false,
        },
        classes,
        input: { size, mean: centre, std: centre },
        accumulating: false,
        evalBatch: batch,
      });
      await trainer.prepare(batch);
      const { pixels, labels, targets } = noiseBatch(workload);
      const images = { pixels, labels, targets, count: batch, mix: engine.noMix };
      return {
        async step() {
          const { loss } = await trainer.update([images], { lr: workload.lr, firstMicroBatch: 0 });
          if (failure) throw new Error(failure);
          return loss / batch;
        },
        batchBytes: pixels.byteLength + labels.byteLength + targets.byteLength,
        async tune() {
          await trainer.tune(MOST_TUNING_MS);
          await trainer.prepare(batch);
        },
        weights: () => parameters.dump(),
      };
    },

    gemmRate: engine.measureGemmRate,
  };
}
