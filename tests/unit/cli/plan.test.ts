/** `plan`: the images, the mixing and the targets of one batch, held to a count by hand over shards made here. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packTar, type TarEntry } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planTraining } from '../../../src/experiment/plan';
import { experimentWith } from '../../../src/experiment/schema';
import { tricklab } from '../../support/tricklab';

const folder = mkdtempSync(join(tmpdir(), 'tricklab-plan-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SHARDS = 3;
const PER_SHARD = 10;
const CLASSES = 4;
/** Sample n has the label (n * 7) % 4. */
const labelOf = (n: number) => (n * 7) % CLASSES;
const keyOf = (n: number) => String(n).padStart(8, '0');

const entry = (name: string, text: string): TarEntry => {
  const body = new TextEncoder().encode(text);
  return { header: { name, size: body.length, type: 'file', mtime: new Date(0) }, body };
};

/** Shards whose images nobody decodes; sample `broken` has no label. */
async function makeShards(name: string, { broken, validation = true }: { broken?: number; validation?: boolean }) {
  const path = join(folder, name);
  mkdirSync(path);
  const filenames = Array.from({ length: SHARDS }, (_, shard) => `${name}-train-${shard}.tar`);
  for (const [shard, filename] of filenames.entries()) {
    const entries = Array.from({ length: PER_SHARD }, (_, i) => shard * PER_SHARD + i).flatMap((n) => [
      entry(`${keyOf(n)}.png`, 'x'),
      ...(n === broken ? [] : [entry(`${keyOf(n)}.cls`, String(labelOf(n)))]),
    ]);
    writeFileSync(join(path, filename), await packTar(entries));
  }
  const lengths = filenames.map(() => PER_SHARD);
  const split = (id: string) => ({
    name: id,
    num_samples: SHARDS * PER_SHARD,
    filenames,
    shard_lengths: lengths,
  });
  const splits = { train: split('train'), ...(validation && { validation: split('validation') }) };
  writeFileSync(join(path, '_info.json'), JSON.stringify({ name, num_classes: CLASSES, splits }));
  return path;
}

const keys = { 'data.batch': '8', 'stop.epochs': '9', seed: '5' };
const sets = Object.entries(keys).map(([key, value]) => `${key}=${value}`);
const planned = async (data: string, ...more: string[]) => {
  const { code, stdout, stderr } = await tricklab('plan', 'v=1', '--data', data, ...more, '--json');
  // Nothing but what the experiment rarely wants.
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^(?:Warning, .+\.\n)*$/)]);
  return JSON.parse(stdout);
};

describe('plan', () => {
  let shards = '';
  beforeAll(async () => {
    shards = await makeShards('whole', {});
  });

  it('visits every image once in an epoch, in another order in the next', async () => {
    const epoch = async (e: number) => {
      const batches = [];
      for (const step of [0, 1, 2])
        batches.push(await planned(shards, '--epoch', String(e), '--step', String(step), '--set', ...sets));
      return batches.flatMap((batch) => batch.samples as number[]);
    };
    const [first, second] = [await epoch(0), await epoch(1)];
    // 30 images make three batches of 8; the rest is left out.
    expect(new Set(first).size).toBe(24);
    expect(new Set(second).size).toBe(24);
    expect(second).not.toEqual(first);
  });

  it('names the labels that the shards hold', async () => {
    const { samples, keys: named, labels } = await planned(shards, '--step', '1', '--set', ...sets);
    expect(named).toEqual(samples.map(keyOf));
    expect(labels).toEqual(samples.map(labelOf));
  });

  it('says that the images are too few for a batch, not that there is no step', async () => {
    const { code, stderr } = await tricklab('plan', 'v=1', '--data', shards, '--set', 'data.batch=64');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/The split 'train' of '\w+' has 30 images to use, too few for a batch of 64\./);
  });

  it("mixes with the trainer's plan, and the targets are smoothed one-hots mixed with the reversed batch's", async () => {
    const tricks = { mixup: 'on', cutmix: 'on', 'label-smoothing': 'on' };
    const set = [...sets, ...Object.entries(tricks).map(([key, value]) => `${key}=${value}`)];
    const kinds = new Set<string>();
    for (const [epoch, step] of [
      [0, 0],
      [1, 2],
      [2, 1],
      [3, 0],
    ] as const) {
      const found = await planned(shards, '--epoch', String(epoch), '--step', String(step), '--set', ...set);
      const experiment = experimentWith({ ...keys, ...tricks });
      const plan = planTraining(experiment, { trainImages: SHARDS * PER_SHARD, classes: CLASSES });
      expect(found.mix).toEqual(plan.mix(plan.at(epoch, step)));
      kinds.add(found.mix.kind);
      const lambda = found.mix.lambda ?? 1;
      const labels: number[] = found.labels;
      for (const [row, target] of (found.targets as number[][]).entries()) {
        const partner = labels[labels.length - 1 - row];
        for (let c = 0; c < CLASSES; c++) {
          const hot = lambda * Number(labels[row] === c) + (1 - lambda) * Number(partner === c);
          // Targets are float32.
          expect(target[c]).toBeCloseTo(0.1 / CLASSES + 0.9 * hot, 6);
        }
      }
    }
    expect(kinds).toEqual(new Set(['mixup', 'cutmix']));
  });

  it('replaces a sample without a label by one that the epoch leaves over, as in training', async () => {
    const broken = (await planned(shards, '--set', ...sets)).samples[3] as number;
    const damaged = await makeShards('damaged', { broken });
    const { code, stdout } = await tricklab('plan', 'v=1', '--data', damaged, '--json', '--set', ...sets);
    expect(code).toBe(0);
    const { samples } = JSON.parse(stdout);
    const whole = (await planned(shards, '--set', ...sets)).samples;
    expect(samples).toEqual(whole.map((sample: number, i: number) => (i === 3 ? samples[3] : sample)));
    for (const step of ['0', '1', '2'])
      expect((await planned(shards, '--step', step, '--set', ...sets)).samples).not.toContain(samples[3]);
  });

  it('trains on what is left where a part is held out for validation', async () => {
    const alone = await makeShards('alone', { validation: false });
    const batches = [];
    for (const step of [0, 1, 2]) batches.push(await planned(alone, '--step', String(step), '--set', ...sets));
    const used = new Set(batches.flatMap(({ samples }) => samples as number[]));
    expect(used.size).toBe(24);
    const other = await planned(alone, '--epoch', '1', '--set', ...sets);
    // Of 30 images a tenth of each of four classes, one at least, is held out in every epoch.
    const everything = new Set(used);
    for (const sample of other.samples) everything.add(sample);
    expect(everything.size).toBeLessThanOrEqual(26);
  });

  it('counts updates where gradients are accumulated', async () => {
    const set = [...sets, 'gradient-accumulation=on', 'gradient-accumulation.steps=2'];
    const found = await planned(shards, '--epoch', '1', '--step', '2', '--set', ...set);
    // Three batches an epoch are updates of two and of one.
    expect(found).toMatchObject({ epoch: 1, step: 2, update: 3 });
  });

  it.each([
    [['--step', '3'], '--step goes from 0 to 2'],
    [['--epoch', '9'], 'The run ends after 27 updates'],
    [['--epoch', '-1'], '--epoch'],
    [['--data', join(folder, 'nowhere')], 'There is no folder'],
  ])('says in one line what is wrong with %j', async (more, words) => {
    const data = more.includes('--data') ? [] : ['--data', shards];
    const { code, stderr } = await tricklab('plan', 'v=1', ...data, ...more, '--set', ...sets);
    expect(code).toBe(1);
    expect(stderr).toContain(words);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
