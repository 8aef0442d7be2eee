/** Models against PyTorch (timm's, and the authors' CMT): same weights, same images, same numbers. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { plainModel } from '../../src/catalog/define';
import { modelOf } from '../../src/catalog/parts';
import { type EngineName, engineOf } from '../../src/engine';
import { createLayers } from '../../src/engine/layers';
import { createParameters, type Parameters } from '../../src/engine/parameters';
import { evaluations, trainings } from '../fixtures/models/cases';
import { counts, images, logitsOf, type Picked, trainingOf, values, weight } from '../fixtures/models/reference';
import { openGpu } from '../support/gpu';

await openGpu();

interface Network {
  parameters: Parameters;
  run(x: tf.Tensor, training: boolean): tf.Tensor;
}

function network(
  id: string,
  chosen: object,
  {
    classes,
    size,
    engine = 'fused',
    normGroups = 1,
  }: { classes: number; size: number; engine?: EngineName; normGroups?: number },
): Network {
  const model = modelOf(id);
  const options = model.options.parse(chosen);
  const parameters = createParameters(1);
  const run = (x: tf.Tensor, training: boolean) => {
    const nn = createLayers(parameters, { engine: engineOf(engine), training, normGroups, seed: 1, microBatch: 0 });
    return model.forward(nn, x, options, { ...plainModel, classes, size, zeroGamma: true });
  };
  tf.tidy(() => {
    run(tf.zeros([1, size, size, 3]), false);
  });
  return { parameters, run };
}

/** Fills a network with the formula's weights; names and shapes are checked by load. */
async function fill({ parameters }: Network): Promise<void> {
  const entries = [...(await parameters.dump())].map(
    ([name, { shape }]) => [name, { shape, data: weight(name, shape) }] as const,
  );
  parameters.load(new Map(entries));
}

const batchOf = (count: number, size: number) => tf.tensor(images(count, size), [count, size, size, 3]);

/** Largest difference, as a share of the largest reference value. */
function difference(
  actual: ArrayLike<number>,
  expected: number[],
  scale = Math.max(...expected.map(Math.abs)),
): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs((actual[i] as number) - value))) / scale;
}

/** PyTorch's order of a tensor that is stored here as tfjs has it. */
function asPyTorch(gradient: tf.Tensor): tf.Tensor {
  if (gradient.rank === 4) return tf.transpose(gradient, gradient.shape[3] === 1 ? [2, 3, 0, 1] : [3, 2, 0, 1]);
  return gradient.rank === 2 ? tf.transpose(gradient) : gradient;
}

const pick = (data: ArrayLike<number>, { at }: Picked) => at.map((i) => data[i] as number);

describe('evaluation', () => {
  it.each(evaluations)(
    'gives the logits of the whole $model of its authors',
    async ({ name, model, classes, size }) => {
      const net = network(model, {}, { classes, size });
      const expected = counts[model]?.[classes];
      // Of CMT they depend on the side of the image.
      if (expected) expect(net.parameters.count()).toBe(expected);
      await fill(net);
      const logits = tf.tidy(() => net.run(batchOf(2, size), false));
      // 1e-4 of the largest logit: float32 through 50 layers; measured 1e-6.
      expect(difference(await logits.data(), logitsOf(name))).toBeLessThan(1e-4);
      logits.dispose();
      net.parameters.dispose();
    },
  );
});

const fused: EngineName = 'fused';

const cases = [
  ...trainings.map((training) => ({ ...training, engine: fused })),
  // The other engine: it is what the kernels are tested against, and slow.
  ...trainings
    .filter(({ name }) => name === 'small-a')
    .map((training) => ({ ...training, engine: 'reference' as const })),
];

describe.each(cases)(
  'training $name on the $engine engine',
  ({ name: key, model, options, batch, size, replicas, engine }) => {
    it('gives the logits, all gradients and the running statistics of PyTorch, and leaks nothing', async () => {
      const reference = trainingOf(key);
      const net = network(model, options, { classes: 10, size, engine, normGroups: replicas ?? 1 });
      await fill(net);
      const x = batchOf(batch, size);
      const fixed = tf.tensor1d(Float32Array.from(values('loss', 10)));
      const trainable = net.parameters.trainable();
      const variables = trainable.map(({ variable }) => variable);
      const before = tf.memory().numTensors;

      let logits: tf.Tensor | undefined;
      const { value, grads } = tf.variableGrads(() => {
        logits = tf.keep(net.run(x, true));
        return tf.div(tf.sum(tf.mul(logits, fixed)), batch) as tf.Scalar;
      }, variables);
      expect(difference(await (logits as tf.Tensor).data(), reference.logits)).toBeLessThan(1e-4);

      expect(trainable.map(({ name }) => name).sort()).toEqual(Object.keys(reference.gradients).sort());
      const largestNorm = Math.max(...Object.values(reference.gradients).map(({ norm }) => norm));
      const wrong: string[] = [];
      for (const { name, variable } of trainable) {
        const expected = reference.gradients[name];
        const gradient = grads[variable.name];
        if (!expected || !gradient) throw new Error(`${name} has no gradient`);
        const data = (await asPyTorch(gradient).data()) as Float32Array;
        const norm = Math.sqrt(data.reduce((sum, g) => sum + g * g, 0));
        // A bias right before a norm has a true gradient of 0: what is there is rounding, small beside the others.
        const scale = Math.max(expected.largest, 1e-5 * largestNorm);
        const entries = difference(pick(data, expected), expected.values, scale);
        const off = Math.abs(norm - expected.norm) / Math.max(expected.norm, 1e-5 * largestNorm);
        if (!(entries < 1e-3 && off < 1e-3))
          wrong.push(`${name}: entries ${entries.toExponential(1)}, norm ${off.toExponential(1)}`);
      }
      expect(wrong).toEqual([]);

      const state = await net.parameters.dump();
      for (const [name, expected] of Object.entries(reference.running)) {
        const data = state.get(name)?.data;
        if (!data) throw new Error(`${name} is missing`);
        expect(difference(pick(data, expected), expected.values), name).toBeLessThan(1e-4);
      }

      tf.dispose([logits as tf.Tensor, value, grads]);
      expect(tf.memory().numTensors - before).toBeLessThanOrEqual(trainable.length);
      tf.dispose([x, fixed]);
      net.parameters.dispose();
    });
  },
);
