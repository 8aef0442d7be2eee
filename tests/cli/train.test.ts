/** `train` and `predict` for real: Chromium, WebGPU, shards from a folder, weights to a file and back. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeDataset } from '../../scripts/datasets/shards.mjs';
import { tricklab } from '../support/tricklab';

const folder = mkdtempSync(join(tmpdir(), 'tricklab-train-'));
const data = join(folder, 'data');
const weights = join(folder, 'weights.safetensors');
afterAll(() => rmSync(folder, { recursive: true }));

/** A flat colour per class: anything that learns at all learns it. */
const colours = ['#d03020', '#2050d0', '#20b040'];

beforeAll(async () => {
  const sample = (label: number) => ({
    label,
    png: () =>
      sharp({ create: { width: 16, height: 16, channels: 3, background: colours[label] as string } })
        .png()
        .toBuffer(),
  });
  const samples = (n: number) => Array.from({ length: n }, (_, i) => sample(i % colours.length));
  await writeDataset(
    data,
    {
      name: 'colours',
      license: 'MIT',
      source: 'made by this test',
      shuffleSeed: 0,
      classes: ['red', 'blue', 'green'],
      side: 16,
      shardLength: 16,
      builder: 'test',
      splits: { train: samples(40), validation: samples(9) },
    },
    () => undefined,
  );
});

const tiny = ['--set', 'data.size=16', 'data.batch=8', 'resnet50-vd.depths=1,1,1,1', 'resnet50-vd.width=.125'];

describe('the command line', () => {
  it('trains on a folder of shards, saves the weights, and predicts from them', async () => {
    const trainArgs = [
      'train',
      'preset:tiny',
      '--data',
      data,
      '--steps',
      '4',
      '--data-workers',
      '1',
      ...tiny,
      '--json',
    ];
    const trained = await tricklab(...trainArgs, '--save', weights);
    expect(trained.code, trained.stderr).toBe(0);
    const run = JSON.parse(trained.stdout);
    expect(run.steps.map((step: { step: number }) => step.step)).toEqual([1, 2, 3, 4]);
    expect(run.steps.every((step: { loss: number }) => Number.isFinite(step.loss) && step.loss > 0)).toBe(true);
    expect(run.evals.at(-1).split).toBe('validation');
    expect(['webgpu', 'webgl', 'cpu']).toContain(run.backend);
    expect(run.timing.totalMs).toBeGreaterThan(0);
    // Three classes, from the folder's index, not the ten of the experiment's own dataset.
    const headerLength = Number(readFileSync(weights).readBigUInt64LE(0));
    const header = JSON.parse(
      readFileSync(weights)
        .subarray(8, 8 + headerLength)
        .toString(),
    );
    expect(header['fc.bias'].shape).toEqual([3]);

    const predicted = await tricklab(
      ...['predict', '--model', 'resnet50-vd', '--weights', weights, '--data', data, ...tiny, '--json'],
    );
    expect(predicted.code, predicted.stderr).toBe(0);
    const { logits, keys, labels } = JSON.parse(predicted.stdout);
    expect(logits).toHaveLength(9);
    expect(logits[0]).toHaveLength(3);
    expect(keys).toEqual(Array.from({ length: 9 }, (_, i) => String(40 + i).padStart(8, '0')));
    expect(labels).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    // The validation of the run and the predictions from its weights are the same measurement.
    const right = logits.filter((row: number[], i: number) => row.indexOf(Math.max(...row)) === labels[i]).length;
    expect(right / 9).toBeCloseTo(run.evals.at(-1).top1, 6);

    // What the file says of its model and size needs no saying twice.
    const heeded = await tricklab('predict', '--weights', weights, '--data', data, '--json');
    expect(heeded.stderr).toContain(`Taken from ${weights}: `);
    expect(JSON.parse(heeded.stdout).logits).toEqual(logits);

    const average = join(folder, 'average.safetensors');
    const averaging = await tricklab(...trainArgs, '--set', 'ema=on', 'ema.decay=.5', '--save', average, '--ema');
    expect(averaging.code, averaging.stderr).toBe(0);
    const averaged = JSON.parse(averaging.stdout);
    const losses = ({ steps }: { steps: { loss: number }[] }) => steps.map(({ loss }) => loss);
    expect(losses(averaged)).toEqual(losses(run));
    expect(averaged.evals.at(-1)).toMatchObject({ split: 'validation', averaged: true });
    expect(averaging.stderr).toContain('validation (EMA): loss');
    const [raw, mean] = [readFileSync(weights), readFileSync(average)];
    expect(mean).toHaveLength(raw.length);
    expect(mean.equals(raw)).toBe(false);
  }, 300_000);

  it("ends a run that diverged with the run's own reason, and writes no weights", async () => {
    const lost = join(folder, 'lost.safetensors');
    const out = join(folder, 'lost.json');
    const run = async (...set: string[]) => {
      const keys = [...tiny, 'warmup=off', 'schedule=constant', 'stop.epochs=6', ...set];
      return await tricklab('train', 'preset:tiny', '--data', data, ...keys, '--save', lost, '--out', out);
    };
    // The second: ReLU hides a weight that is no number from the training loss, but not from the validation.
    for (const set of [
      ['sgd.lr=10', 'sgd.weightDecay=1', 'stop.steps=80'],
      ['optimizer=lars', 'lars.lr=50', 'lars.eta=1', 'stop.steps=0', 'flip=off'],
    ]) {
      const { code, stdout, stderr } = await run(...set);
      expect([code, stdout]).toEqual([1, '']);
      // Its trainer ends the run, or the command does when it has heard the validation: never the page.
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^The (loss became|run diverged|validation)/);
    }
    expect(existsSync(lost)).toBe(false);
  }, 300_000);

  it('compares changes over the same seeds', async () => {
    const { code, stdout, stderr } = await tricklab(
      ...['compare', 'preset:tiny', '--changes', 'distillation=on; warmup=off sgd.lr=.05', '--seeds', '2'],
      ...['--data', data, '--teacher', weights, ...tiny, 'stop.steps=2', '--json'],
    );
    expect(code, stderr).toBe(0);
    const { changes, runs, seeds } = JSON.parse(stdout);
    expect(seeds).toBe(2);
    expect(changes.map(({ name }: { name: string }) => name)).toEqual(['distillation=on', 'warmup=off sgd.lr=.05']);
    expect(runs.map(({ outcomes }: { outcomes: unknown[] }) => outcomes.length)).toEqual([2, 2, 2]);
    for (const { gain, verdict } of changes) {
      expect(gain.low).toBeLessThanOrEqual(gain.mean);
      expect(['helps', 'hurts', 'no evidence']).toContain(verdict);
    }
  }, 300_000);

  it('refuses a change that is no setting before it trains', async () => {
    const { code, stdout, stderr } = await tricklab('compare', 'preset:tiny', '--changes', 'no-such-trick=on');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('no-such-trick');
  });

  it('compares distillation with a teacher only, and a teacher with distillation only', async () => {
    const without = await tricklab('compare', 'preset:tiny', '--changes', 'distillation=on');
    expect([without.code, without.stderr]).toEqual([1, expect.stringContaining('needs a teacher')]);
    const idle = await tricklab('compare', 'preset:tiny', '--changes', 'mixup=on', '--teacher', weights);
    expect([idle.code, idle.stderr]).toEqual([1, expect.stringContaining('not among the --changes')]);
  });

  it('trains another model with those weights as its teacher, which the file describes', async () => {
    const student = ['--set', 'data.size=16', 'data.batch=8', 'resnet50.depths=1,1,1,1', 'resnet50.width=.0625'];
    const args = [
      'train',
      'model=resnet50',
      '--data',
      data,
      '--steps',
      '2',
      '--data-workers',
      '1',
      ...student,
      '--json',
    ];
    const alone = await tricklab(...args);
    const taught = await tricklab(...args, '--teacher', weights);
    expect(taught.code, taught.stderr).toBe(0);
    const { experiment, steps } = JSON.parse(taught.stdout);
    expect(experiment.on.distillation).toBe(true);
    expect(experiment.options.distillation.teacher).toBe('weights.safetensors');
    // The same images and weights at first: what the teacher adds to the loss is the difference.
    expect(steps[0].loss).toBeGreaterThan(JSON.parse(alone.stdout).steps[0].loss);
  }, 300_000);

  it.each([
    ['distillation without a teacher', ['--set', 'distillation=on'], 'needs a teacher: --teacher'],
    ['a teacher that is not there', ['--teacher', join(folder, 'none.safetensors')], 'no file'],
    ['a model without its weights', ['--teacher-model', 'preset:tiny'], 'there is none'],
    ['a teacher that is no safetensors file', ['--teacher', join(data, '_info.json')], 'safetensors'],
  ])('refuses %s before anything starts', async (_name, args, reason) => {
    const { code, stderr } = await tricklab('train', 'preset:tiny', '--data', data, ...args);
    expect([code, stderr.trimEnd().split('\n')]).toEqual([1, [expect.stringContaining(reason)]]);
  });

  it('fails in one line on weights that do not fit the model', async () => {
    const { code, stdout, stderr } = await tricklab(
      ...['predict', '--model', 'resnet50', '--weights', weights, '--data', data],
      ...['--set', 'data.size=16', 'resnet50.depths=1,1,1,1', 'resnet50.width=.125'],
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.trimEnd().split('\n').at(-1)?.length).toBeGreaterThan(20);
  }, 300_000);
});
