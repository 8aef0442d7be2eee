/** Capture and replay: the same bits as running kernel by kernel, and nothing left behind. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { OptimizerPlan } from '../../src/core/optimizer';
import { rng } from '../../src/core/rng';
import {
  buildParameters,
  createLayers,
  createParameters,
  createTrainer,
  engineOf,
  type MicroBatchNumber,
  noMix,
  type Trainer,
  type TrainingBatch,
} from '../../src/engine';
import { batchLoss } from '../../src/engine/batch-loss';
import { gpu } from '../../src/engine/gpu/dispatch';
import { Recording } from '../../src/engine/gpu/recording';
import { variableGradients } from '../../src/engine/gradients';
import { input } from '../../src/engine/kernels/input';
import { ParameterArena } from '../../src/engine/optimizer';
import type { TrainerOptions } from '../../src/engine/trainer';
import { openGpu } from '../support/gpu';

await openGpu();

const size = 8;
const classes = 5;
const optimizer: OptimizerPlan = {
  rule: { kind: 'sgd', momentum: 0.9, nesterov: true },
  weightDecay: 1e-3,
  decayVectors: false,
};
const settings = { size, mean: [0.5, 0.4, 0.3], std: [0.3, 0.2, 0.25] } as const;

/** A small network with everything a recording must get right: norms with running statistics, a residual, masks. */
function network(seed: number, engine: 'fused' | 'reference' = 'fused') {
  const parameters = createParameters(seed);
  const forward = (x: tf.Tensor4D, mode: { training: boolean; microBatch: MicroBatchNumber }): tf.Tensor2D => {
    const nn = createLayers(parameters, { engine: engineOf(engine), seed, ...mode });
    let y = nn.batchNorm(nn.conv(x, 'conv1', { out: 8, kernel: 3, padding: 1 }), 'bn1', { relu: true });
    const inner = nn.conv(y, 'conv2', { out: 8, kernel: 3, padding: 1, bias: true });
    y = nn.batchNorm(nn.dropPath(inner, 'conv2', 0.3), 'bn2', { relu: true }, y);
    y = nn.maxPool(nn.gelu(y), { kernel: 3, stride: 2, padding: 1 });
    return nn.linear(nn.dropout(nn.globalAvgPool(y), 'drop', 0.2), 'fc', { out: classes }) as tf.Tensor2D;
  };
  tf.tidy(() => {
    forward(tf.zeros([1, size, size, 3]), { training: false, microBatch: 0 });
  });
  return { parameters, forward };
}

function batch(count: number, number: number): TrainingBatch {
  const stream = rng(3, 'batch', number);
  const labels = Int32Array.from({ length: count }, () => stream.int(classes));
  const targets = new Float32Array(count * classes);
  labels.forEach((label, i) => {
    targets[i * classes + label] = 1;
  });
  const pixels = Uint8Array.from({ length: count * size * size * 3 }, () => stream.int(256));
  const mix = number % 2 ? { lambda: 0.7, box: { x0: 0, y0: 0, x1: 0, y1: 0 } } : noMix;
  return { pixels, count, labels, targets, mix };
}

/** One of each rule, with everything that an update can have. */
const plans: Record<string, OptimizerPlan> = {
  SGD: optimizer,
  AdamW: {
    rule: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
    weightDecay: 0.05,
    decayVectors: true,
    clipNorm: 0.5,
    averaging: { decay: 0.9, warmup: true },
  },
  LARC: {
    rule: { kind: 'lars', momentum: 0.9, nesterov: false, eta: 0.05, eps: 1e-8, clip: true },
    weightDecay: 1e-3,
    decayVectors: true,
    clipNorm: 0.5,
    averaging: { decay: 0.9, warmup: false },
  },
};

const options = (
  { parameters, forward }: ReturnType<typeof network>,
  accumulating = false,
  plan = optimizer,
): TrainerOptions => ({
  parameters,
  forward,
  optimizer: plan,
  classes,
  input: settings,
  accumulating,
  evalBatch: 6,
});

async function losses(trainer: Trainer, updates: number, count = 4): Promise<number[]> {
  const series: number[] = [];
  for (let i = 0; i < updates; i++) {
    series.push((await trainer.update([batch(count, i)], { lr: 0.05, firstMicroBatch: i })).loss);
  }
  return series;
}

/** The same steps without a recording. */
async function eagerRun({ parameters, forward }: ReturnType<typeof network>, updates: number, plan: OptimizerPlan) {
  const arena = new ParameterArena(parameters, plan, false);
  const series: number[] = [];
  for (let i = 0; i < updates; i++) {
    const { pixels, count, labels, targets, mix } = batch(4, i);
    arena.begin(0.05);
    const sums = tf.tidy(() => {
      const words = tf.tensor1d(new Int32Array(pixels.buffer), 'int32');
      const { lambda, box } = mix;
      const boxed = tf.tensor1d([lambda, box.x0, box.y0, box.x1, box.y1]);
      const image = input(gpu(), words, boxed, { count, ...settings });
      const x = tf.engine().makeTensorFromTensorInfo(image) as tf.Tensor4D;
      const result = variableGradients(parameters.trainable(), () =>
        batchLoss(engineOf('fused'), {
          logits: forward(x, { training: true, microBatch: i }),
          targets: tf.tensor2d(targets, [count, classes]),
          labels: tf.tensor1d(labels, 'int32'),
        }),
      );
      arena.gather(result.gradients);
      return result.sums;
    });
    arena.update();
    series.push((await sums.data())[0] as number);
    sums.dispose();
  }
  const weights = await parameters.dump();
  if (plan.averaging) arena.exchangeAverages();
  const averages = await parameters.dump();
  arena.dispose();
  parameters.dispose();
  return { losses: series, weights, averages };
}

describe('a recorded step', () => {
  it.each(Object.keys(plans))('of %s gives the same bits as running its kernels one by one', async (name) => {
    const plan = plans[name] as OptimizerPlan;
    const expected = await eagerRun(network(11), 6, plan);
    const recorded = network(11);
    const trainer = createTrainer('fused', options(recorded, false, plan));
    expect(await losses(trainer, 6)).toEqual(expected.losses);
    expect(await recorded.parameters.dump()).toEqual(expected.weights);
    expect(new Set(expected.losses).size).toBe(6);
    if (plan.averaging) {
      await trainer.exchangeAverages();
      expect(await recorded.parameters.dump()).toEqual(expected.averages);
    } else await expect(trainer.exchangeAverages()).rejects.toThrow('no average');
    trainer.dispose();
    recorded.parameters.dispose();
  });

  it('is recorded anew for a batch of another size, which then trains on', async () => {
    const net = network(12);
    const trainer = createTrainer('fused', options(net));
    const first = await losses(trainer, 2, 4);
    const other = await losses(trainer, 2, 3);
    for (const loss of [...first, ...other]) expect(Number.isFinite(loss)).toBe(true);
    trainer.dispose();
    net.parameters.dispose();
  });

  it('averages the gradients of micro-batches, also of a tail window', async () => {
    const twice = network(13);
    const trainer = createTrainer('fused', options(twice, true));
    const plain = network(13);
    const single = createTrainer('fused', options(plain));
    // Statistics, masks and gradients of two equal micro-batches are those of one; the masks only if the step is the same.
    const same = batch(4, 0);
    for (const update of [0, 1]) {
      // lr 0 keeps the weights: what is compared is the loss of the same network.
      const [a, b] = await Promise.all([
        trainer.update([same], { lr: 0.1, firstMicroBatch: update }),
        single.update([same], { lr: 0.1, firstMicroBatch: update }),
      ]);
      expect(a.loss).toBe(b.loss);
    }
    const both = await trainer.update([batch(4, 1), batch(4, 2)], { lr: 0.1, firstMicroBatch: 2 });
    expect(Number.isFinite(both.loss)).toBe(true);
    for (const trained of [trainer, single]) trained.dispose();
    for (const { parameters } of [twice, plain]) parameters.dispose();
  });

  it('accumulates, clips and averages as the reference does', async () => {
    const run = async (engine: 'fused' | 'reference') => {
      const net = network(17, engine);
      const trainer = createTrainer(engine, options(net, true, plans.LARC));
      const series: number[] = [];
      for (const update of [0, 1, 2]) {
        const batches = [batch(4, 2 * update), batch(4, 2 * update + 1)];
        series.push((await trainer.update(batches, { lr: 0.05, firstMicroBatch: 2 * update })).loss);
      }
      await trainer.exchangeAverages();
      const { totals } = await trainer.evaluate(batch(5, 9), false);
      const averages = await net.parameters.dump();
      trainer.dispose();
      net.parameters.dispose();
      return { series, totals, averages };
    };
    const [fused, reference] = [await run('fused'), await run('reference')];
    // f32 with other orders of sums, through three forward and backward passes.
    for (const [i, loss] of fused.series.entries())
      expect(Math.abs(loss / (reference.series[i] as number) - 1)).toBeLessThan(1e-4);
    expect(Math.abs(fused.totals.loss / reference.totals.loss - 1)).toBeLessThan(1e-4);
    expect([...fused.averages.keys()]).toEqual([...reference.averages.keys()]);
    for (const [name, { data }] of fused.averages) {
      const other = reference.averages.get(name)?.data as Float32Array;
      const scale = Math.max(1e-3, ...other.map(Math.abs));
      expect(Math.max(...data.map((value, i) => Math.abs(value - (other[i] as number)))) / scale).toBeLessThan(1e-3);
    }
  });

  it('accumulates micro-batches to the update of their whole batch, where no batch norm sees the difference', async () => {
    const plain = () => {
      const parameters = createParameters(17);
      const forward = (x: tf.Tensor4D, mode: { training: boolean; microBatch: MicroBatchNumber }): tf.Tensor2D => {
        const nn = createLayers(parameters, { engine: engineOf('fused'), seed: 17, ...mode });
        const y = nn.gelu(nn.conv(x, 'conv1', { out: 8, kernel: 3, padding: 1, bias: true }));
        return nn.linear(nn.globalAvgPool(y), 'fc', { out: classes }) as tf.Tensor2D;
      };
      buildParameters(forward, size);
      return { parameters, forward };
    };
    // Mixing pairs images within a batch, so a whole batch would pair others.
    const parts = [0, 2, 4].map((number) => batch(4, number));
    const joined = <T extends 'pixels' | 'labels' | 'targets'>(name: T) => parts.flatMap((part) => [...part[name]]);
    const whole: TrainingBatch = {
      pixels: Uint8Array.from(joined('pixels')),
      labels: Int32Array.from(joined('labels')),
      targets: Float32Array.from(joined('targets')),
      count: 12,
      mix: noMix,
    };
    const [net, twin] = [plain(), plain()];
    const [accumulating, single] = [createTrainer('fused', options(net, true)), createTrainer('fused', options(twin))];
    for (let i = 0; i < 5; i++) {
      const [a, b] = [
        await accumulating.update(parts, { lr: 0.1, firstMicroBatch: i }),
        await single.update([whole], { lr: 0.1, firstMicroBatch: i }),
      ];
      // The same sums in another order, five updates deep.
      expect(Math.abs(a.loss - b.loss)).toBeLessThan(1e-5 * b.loss);
      expect([a.top1, a.top5]).toEqual([b.top1, b.top5]);
    }
    for (const trained of [accumulating, single]) trained.dispose();
    for (const { parameters } of [net, twin]) parameters.dispose();
  });

  it('evaluates a smaller last batch as its own images alone', async () => {
    const net = network(14);
    const trainer = createTrainer('fused', options(net));
    await losses(trainer, 2);
    const images = batch(5, 9);
    const whole = await trainer.evaluate(images, true);
    const parts = [2, 3].map((count, i) => ({
      count,
      pixels: images.pixels.slice(i * 2 * size * size * 3, (i * 2 + count) * size * size * 3),
      labels: images.labels.slice(i * 2, i * 2 + count),
    }));
    const [a, b] = [await trainer.evaluate(parts[0] as never, true), await trainer.evaluate(parts[1] as never, true)];
    expect([...(a.logits ?? []), ...(b.logits ?? [])]).toEqual([...(whole.logits ?? [])]);
    expect(a.totals.loss + b.totals.loss).toBeCloseTo(whole.totals.loss, 5);
    expect(a.totals.top1 + b.totals.top1).toBe(whole.totals.top1);
    trainer.dispose();
    net.parameters.dispose();
  });

  it.each([
    ['SGD', 2000],
    ['AdamW', 200],
    ['LARC', 200],
  ] as const)(
    'of %s holds no more memory after %i steps than after ten, and gives all of it back',
    async (name, steps) => {
      const tensors = tf.memory().numTensors;
      const bytes = gpu().pool.liveBytes;
      const net = network(15);
      const plan = plans[name] as OptimizerPlan;
      const trainer = createTrainer('fused', options(net, false, plan));
      const round = async (updates: number) => {
        await losses(trainer, updates);
        if (!plan.averaging) return;
        await trainer.exchangeAverages();
        await trainer.evaluate(batch(4, 0), false);
        await trainer.exchangeAverages();
      };
      await round(10);
      const live = gpu().pool.liveBytes;
      const allocated = gpu().pool.numBytesAllocated;
      await round(steps);
      expect(gpu().pool.liveBytes).toBe(live);
      expect(gpu().pool.numBytesAllocated).toBe(allocated);
      trainer.dispose();
      net.parameters.dispose();
      gpu().flush();
      expect(tf.memory().numTensors).toBe(tensors);
      expect(gpu().pool.liveBytes).toBe(bytes);
    },
  );

  it('counts what an update costs, and times its kernels without changing its numbers', async () => {
    const [net, twin] = [network(16), network(16)];
    const [trainer, timed] = [createTrainer('fused', options(net)), createTrainer('fused', options(twin))];
    const expected = await losses(trainer, 3);
    const times = timed.timeNextUpdate();
    expect(await losses(timed, 3)).toEqual(expected);
    const families = await times;
    expect(families.map(({ name }) => name)).toContain('conv-filter-gradient');
    expect(families.find(({ name }) => name === 'conv-forward')?.dispatches).toBe(3);
    const report = trainer.report();
    // The recorded step, its update, and the read of its metrics.
    expect(report).toMatchObject({ engine: 'fused', submits: 3 });
    expect(families.reduce((sum, { dispatches }) => sum + dispatches, 0)).toBe(report.dispatches);
    // Pixels, labels, targets, mix and step of four images, learning rate and weight decay.
    expect(report.uploadBytes).toBe(4 * size * size * 3 + 4 * 4 + 4 * 4 * classes + 4 * 5 + 4 + 8);
    expect(report.liveBytes).toBeGreaterThan(report.boundBytes / 100);
    for (const used of [trainer, timed]) used.dispose();
    for (const { parameters } of [net, twin]) parameters.dispose();
  });

  it('refuses a tfjs kernel, whose uniforms would be overwritten, by its name', async () => {
    const x = tf.keep(tf.ones([4]));
    await expect(Recording.of(() => tf.tidy(() => void tf.cumsum(x)))).rejects.toThrow(/can't be part of a recording/);
    x.dispose();
  });
});
