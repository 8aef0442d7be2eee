/** A student with a teacher follows torch, update by update, in both engines; the teacher stays as it was, and nothing piles up. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  createLayers,
  createParameters,
  createTrainer,
  type EngineName,
  engineOf,
  noMix,
  type Parameters,
  type Teacher,
  type TrainingBatch,
} from '../../src/engine';
import { gpu } from '../../src/engine/gpu/dispatch';
import type { Precision } from '../../src/engine/gpu/precision';
import type { Layers } from '../../src/engine/ops';
import type { TrainerOptions } from '../../src/engine/trainer';
import fixture from '../fixtures/distillation/steps.json';
import { values, weight } from '../fixtures/models/reference';
import { openGpu } from '../support/gpu';

const { features } = await openGpu();

// As tests/fixtures/distillation/make.py has them.
const [count, size, classes] = [4, 8, 5];
const LAMBDA = 0.7;
const lr = 0.05;
const optimizer = {
  rule: { kind: 'sgd', momentum: 0.9, nesterov: true },
  weightDecay: 1e-3,
  decayVectors: false,
} as const;
const input = { size, mean: [0.5, 0.4, 0.3], std: [0.3, 0.2, 0.25] } as const;

type Model = (nn: Layers<tf.Tensor>, x: tf.Tensor) => tf.Tensor;

const student: Model = (nn, x) => {
  const y = nn.batchNorm(nn.conv(x, 'conv1', { out: 8, kernel: 3, padding: 1 }), 'bn1', { relu: true });
  return nn.linear(nn.globalAvgPool(y), 'fc', { out: classes });
};

/** Another architecture; its logits are 8 times its head's, so that it has opinions. */
const teacher: Model = (nn, x) => {
  let y = nn.conv(x, 'stem', { out: 12, kernel: 3, stride: 2, padding: 1, bias: true });
  y = nn.batchNorm(y, 'norm', { relu: true });
  y = nn.batchNorm(nn.conv(y, 'conv2', { out: 8, kernel: 1 }), 'bn2', { relu: true });
  let z = nn.linear(nn.globalAvgPool(y), 'head', { out: classes });
  for (let doubled = 0; doubled < 3; doubled++) z = nn.add(z, z);
  return z;
};

/** A network with the formula's weights. */
async function built(model: Model, engine: EngineName) {
  const parameters = createParameters(1);
  const forward: TrainerOptions['forward'] = (x, mode) =>
    model(createLayers(parameters, { engine: engineOf(engine), seed: 1, ...mode }), x) as tf.Tensor2D;
  tf.tidy(() => {
    forward(tf.zeros([1, size, size, 3]), { training: false, microBatch: 0 });
  });
  const entries = [...(await parameters.dump())].map(
    ([name, { shape }]) => [name, { shape, data: weight(name, shape) }] as const,
  );
  parameters.load(new Map(entries));
  return { parameters, forward };
}

function batch(update: number): TrainingBatch {
  const labels = Int32Array.from({ length: count }, (_, i) => (update + i) % classes);
  const lambda = update % 2 ? LAMBDA : 1;
  const targets = new Float32Array(count * classes);
  for (let row = 0; row < count; row++) {
    for (const [from, share] of [
      [row, lambda],
      [count - 1 - row, 1 - lambda],
    ] as const) {
      const at = row * classes + (labels[from] as number);
      targets[at] = (targets[at] as number) + share;
    }
  }
  const pixels = Uint8Array.from(values(`pixels ${update}`, count * size * size * 3), (value) =>
    Math.floor(128 * (1 + value)),
  );
  return { pixels, count, labels, targets, mix: { ...noMix, lambda } };
}

interface OpenOptions {
  withTeacher?: boolean;
  precision?: Precision;
}

async function open(engine: EngineName, { withTeacher = true, precision }: OpenOptions = {}) {
  const [learner, master] = [await built(student, engine), await built(teacher, engine)];
  const { temperature, taskWeight, distillWeight } = fixture;
  const taught: Teacher = {
    temperature,
    taskWeight,
    distillWeight,
    forward: (x) => master.forward(x, { training: false, microBatch: 0 }),
  };
  const trainer = createTrainer(engine, {
    ...learner,
    optimizer,
    classes,
    input,
    accumulating: false,
    evalBatch: count,
    ...(withTeacher && { teacher: taught }),
    ...(precision && { precision }),
  });
  const close = () => {
    trainer.dispose();
    for (const { parameters } of [learner, master]) parameters.dispose();
  };
  return { trainer, student: learner.parameters, teacher: master.parameters, close };
}

const update = async (trainer: Awaited<ReturnType<typeof open>>['trainer'], i: number) =>
  (await trainer.update([batch(i)], { lr, firstMicroBatch: i })).loss / count;

const bitsOf = async (parameters: Parameters) =>
  [...(await parameters.dump())].map(([name, { data }]) => [name, [...data]]);

describe.each(['fused', 'reference'] as const)('a student with a teacher, %s', (engine) => {
  it("has torch's losses, weights and running statistics, and leaves the teacher alone", async () => {
    const run = await open(engine);
    const before = await bitsOf(run.teacher);
    const losses: number[] = [];
    for (let i = 0; i < fixture.losses.length; i++) losses.push(await update(run.trainer, i));
    // float32 through six updates of a small network; measured 2e-7.
    for (const [i, loss] of losses.entries()) {
      expect(Math.abs(loss / (fixture.losses[i] as number) - 1)).toBeLessThan(5e-6);
    }
    const end = await run.student.dump();
    expect([...end.keys()].sort()).toEqual(Object.keys(fixture.end).sort());
    for (const [name, expected] of Object.entries(fixture.end)) {
      expect(end.get(name)?.data ?? [], name).toBeClose(expected, 5e-6);
    }
    expect(await bitsOf(run.teacher)).toEqual(before);
    run.close();
  });
});

describe('the recorded step with a teacher', () => {
  it.skipIf(!features.includes('shader-f16'))('follows torch in low precision too, roughly', async () => {
    const run = await open('fused', { precision: { half: true, lossScale: 256 } });
    for (const [i, expected] of fixture.losses.entries()) {
      // f16 keeps 5e-4 of each activation, and T^2 = 16 stands before what they make of it.
      expect(Math.abs((await update(run.trainer, i)) / expected - 1)).toBeLessThan(0.02);
    }
    run.close();
  });

  it('holds no more memory after 300 steps than after ten, and gives all of it back', async () => {
    gpu().flush();
    const tensors = tf.memory().numTensors;
    const bytes = gpu().pool.liveBytes;
    const run = await open('fused');
    for (let i = 0; i < 10; i++) await update(run.trainer, i);
    const live = gpu().pool.liveBytes;
    for (let i = 10; i < 300; i++) await update(run.trainer, i);
    expect(gpu().pool.liveBytes).toBe(live);
    run.close();
    gpu().flush();
    expect(tf.memory().numTensors).toBe(tensors);
    expect(gpu().pool.liveBytes).toBe(bytes);
  });

  it('uploads no more than without a teacher, and is still one submit', async () => {
    const [taught, alone] = [await open('fused'), await open('fused', { withTeacher: false })];
    for (const { trainer } of [taught, alone]) for (let i = 0; i < 3; i++) await update(trainer, i);
    const [a, b] = [taught.trainer.report(), alone.trainer.report()];
    expect(a.uploadBytes).toBe(b.uploadBytes);
    expect(a.submits).toBe(b.submits);
    // Two convolutions, two norms, a pool, a head and three sums; the input is normalised once for both.
    expect(a.dispatches - b.dispatches).toBe(9);
    for (const { close } of [taught, alone]) close();
  });
});
