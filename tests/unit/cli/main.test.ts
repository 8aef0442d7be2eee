/** The command line as a person meets it: answers, files served, and mistakes said in one line. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileInside, serveFolder } from '../../../src/cli/data-folder';
import { expectedFacts, planTraining } from '../../../src/experiment/plan';
import { presets } from '../../../src/experiment/presets';
import { fromLink } from '../../../src/experiment/url';
import { tricklab } from '../../support/tricklab';

const folder = mkdtempSync(join(tmpdir(), 'tricklab-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

const json = async (...argv: string[]) => {
  const { code, stdout, stderr } = await tricklab(...argv, '--json');
  // Nothing but what the experiment rarely wants.
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^(?:Warning, .+\.\n)*$/)]);
  return JSON.parse(stdout);
};

const modern = presets.find((preset) => preset.id === 'modern') as (typeof presets)[number];

describe('info', () => {
  it.each([
    // timm's resnet50d and resnet50, and the official cmt_ti.
    ['resnet50-vd', 1000, 224, 25_576_264, 4.329],
    ['resnet50-vd', 1000, 64, 25_576_264, 0.355],
    ['resnet50', 1000, 32, 25_557_032, 0.0855],
    ['cmt-tiny', 1000, 160, 9_492_426, 0.639],
    ['cmt-tiny', 1000, 224, 9_705_546, 1.29],
  ])('counts %s with %i classes at %i px as published', async (model, classes, size, params, gmacs) => {
    const found = await json('info', '--model', model, '--classes', String(classes), '--size', String(size));
    expect(found.params).toBe(params);
    // Published to three or four digits.
    expect(Math.abs(found.gmacs / gmacs - 1)).toBeLessThan(0.01);
    expect(found.estimatedBytes).toBeGreaterThan(4 * params);
    expect(found.model).toBe(model);
  });

  it.each([
    ['resnet50-vd', 100, 23_732_164],
    ['resnet50', 10, 23_528_522],
  ])('counts the parameters of %s with %i classes', async (model, classes, params) => {
    expect((await json('info', '--model', model, '--classes', String(classes))).params).toBe(params);
  });

  it('takes the model of an experiment as the experiment has it', async () => {
    const small = await json('info', 'preset:tiny');
    const wider = await json('info', 'preset:tiny', '--set', 'resnet50-vd.width=.25');
    expect(wider.params).toBeGreaterThan(2 * small.params);
  });
});

describe('schedule and link', () => {
  it('give the rates that the trainer will use', async () => {
    const plan = planTraining(modern.experiment, expectedFacts(modern.experiment));
    const { lr } = await json('schedule', 'preset:modern');
    expect(lr).toEqual(Array.from({ length: plan.totalUpdates }, (_, update) => plan.lr(update)));
  });

  it('lead from a file to a link and back to the same experiment', async () => {
    const file = join(folder, 'experiment.json');
    writeFileSync(file, JSON.stringify(modern.experiment));
    const { stdout } = await tricklab('link', file);
    const address = new URL(stdout.trim());
    expect(fromLink(address.search)).toMatchObject({ experiment: modern.experiment, problems: [] });
    const shorter = ['--set', 'stop.epochs=1'];
    const rates = await json('schedule', file, ...shorter);
    expect(await json('schedule', address.href, ...shorter)).toEqual(rates);
    expect(await json('schedule', address.search, ...shorter)).toEqual(rates);
  });

  it('say on stderr what the experiment allows and rarely wants', async () => {
    const keys = ['--set', 'schedule=cosine', 'sgd.lr=.1', 'cosine.minLr=.5', 'stop.epochs=2'];
    const { code, stderr } = await tricklab('schedule', 'preset:baseline', ...keys);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Warning, cosine: .+\.$/m);
    expect((await tricklab('schedule', 'preset:baseline')).stderr).toBe('');
  });

  it('take several assignments after one --set, and the last of a repeated key', async () => {
    const { link } = await json('link', 'preset:tiny', '--set', 'seed=3', 'mixup=on', '--set', 'seed=4');
    const { experiment } = fromLink(new URL(link).search);
    expect([experiment.seed, experiment.on.mixup]).toEqual([4, true]);
  });
});

describe('a mistake', () => {
  it.each([
    [['fly'], 'There is no command "fly"'],
    [['info', '--sise', '3'], '--sise'],
    [['info', '--model', 'resnet5'], 'model must be one of'],
    [['info', '--classes', 'ten'], '--classes must be a whole number'],
    [['info', '--set', 'mixup.alpha=99'], 'mixup.alpha must be'],
    [['info', '--set', 'mixpu=on'], '"mixpu"'],
    [['info', '--set'], '--set takes key=value'],
    [['schedule', 'preset:none'], 'There is no preset "none"'],
    [['schedule', 'none.json'], 'There is no file "none.json"'],
    [['schedule', '?mixpu=on'], 'Did you mean mixup?'],
    [['schedule', '?v=2&mixup=on'], 'version 2'],
    [['schedule', 'presets:tiny'], 'did you mean preset:tiny?'],
    [['schedule', 'preset:tiny', 'preset:tiny'], 'a word too many'],
    [['link'], 'link needs EXPERIMENT: a JSON file'],
    [['train', 'preset:tiny', '--data', folder], '_info.json'],
    [['train', 'preset:tiny', '--steps', '0'], '--steps must be'],
    [['train', 'preset:tiny', '--save', 'x.safetensors', '--ema'], 'ema=on'],
    [['train', 'preset:tiny', '--init', 'none.safetensors'], 'none.safetensors'],
    [['predict', '--model', 'resnet50'], '--weights'],
  ])('is said in one line: %j', async (argv, words) => {
    const { code, stdout, stderr } = await tricklab(...argv);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(words);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('in an index of shards is said before a browser starts', async () => {
    const data = join(folder, 'no-classes');
    mkdirSync(data);
    const split = { name: 'train', num_samples: 1, filenames: ['a.tar'], shard_lengths: [1] };
    writeFileSync(join(data, '_info.json'), JSON.stringify({ splits: { train: split } }));
    const { code, stderr } = await tricklab('train', 'preset:tiny', '--data', data);
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain('classes: is missing');
  });

  it('in a file names the file', async () => {
    const file = join(folder, 'broken.json');
    writeFileSync(file, '{"version": 1');
    const { code, stderr } = await tricklab('link', file);
    expect(code).toBe(1);
    expect(stderr).toContain(file);
  });
});

describe('the folder of shards', () => {
  const shards = join(folder, 'shards');
  let server: Server;
  let address = '';
  beforeAll(async () => {
    mkdirSync(shards);
    writeFileSync(join(shards, 'a b.tar'), '0123456789');
    writeFileSync(join(folder, 'secret'), 'secret');
    symlinkSync(join(shards, 'a b.tar'), join(shards, 'link.tar'));
    server = createServer((request, response) => serveFolder(shards, request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
  });

  it('is served whole and by range', async () => {
    const whole = await fetch(`${address}/a%20b.tar`);
    expect([whole.status, await whole.text(), whole.headers.get('content-length')]).toEqual([200, '0123456789', '10']);
    const part = await fetch(`${address}/link.tar`, { headers: { range: 'bytes=7-' } });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([206, '789', 'bytes 7-9/10']);
    const beyond = await fetch(`${address}/link.tar`, { headers: { range: 'bytes=10-' } });
    expect(beyond.status).toBe(416);
    expect((await fetch(`${address}/none.tar`)).status).toBe(404);
  });

  it.each(['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/%2fetc/passwd', '//etc/passwd', '/', '/%', '/a%00b'])(
    'does not lead outside: %s',
    (path) => expect(fileInside(shards, path)).toBeUndefined(),
  );
});
