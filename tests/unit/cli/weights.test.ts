/** Weights files of the command line: what they say of themselves is heeded, or contradicted aloud. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { plainModel } from '../../../src/catalog/define';
import { modelOf } from '../../../src/catalog/parts';
import { checkInitial, heedFile, keysSet, readWeights, saveWeights } from '../../../src/cli/weights';
import { type NamedArray, parseSafetensors, writeSafetensors } from '../../../src/core/safetensors';
import { sizeOf } from '../../../src/core/shape';
import { type Experiment, experimentWith } from '../../../src/experiment/schema';
import { countingLayers } from '../../../src/experiment/shape-layers';
import { headerTexts, type NetworkDescription } from '../../../src/experiment/weights-fit';
import { mistake } from '../../support/tricklab';

const folder = mkdtempSync(join(tmpdir(), 'tricklab-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));

const model = 'resnet50-vd';
const tiny = { [`${model}.depths`]: '1,1,1,1', [`${model}.width`]: '.0625', 'data.size': '32' };
const experiment = experimentWith(tiny);
const network: NetworkDescription = { model, options: experiment.options[model] ?? {}, classes: 10, size: 64 };

function tensorsOf({ model, options, classes, size }: NetworkDescription): Map<string, NamedArray> {
  const { nn, counts } = countingLayers();
  modelOf(model).forward(nn, [1, size, size, 3], options, { ...plainModel, classes, size });
  return new Map(
    [...counts.parameters, ...counts.buffers].map(([name, shape]) => [
      name,
      { shape: [...shape], data: new Float32Array(sizeOf(shape)).fill(0.5) },
    ]),
  );
}

const put = (name: string, content: ArrayBuffer | string) => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : new Uint8Array(content));
  return path;
};

const own = put('own.safetensors', writeSafetensors(tensorsOf(network), headerTexts(network)));
const foreign = put('foreign.safetensors', writeSafetensors(tensorsOf(network)));

/** What was said, and what came of it. */
function heard<T>(work: (say: (line: string) => void) => T): { result: T; said: string } {
  const lines: string[] = [];
  return { result: work((line) => lines.push(line)), said: lines.join('\n') };
}

const heed = (path: string, asked: Experiment, set: Record<string, string> = {}, named?: string) =>
  heard((say) => heedFile(asked, readWeights(path, asked, say), keysSet(set, named), say));

describe('predict', () => {
  it('takes size, model and options from a file that says them, and says what it took', () => {
    expect(heed(own, experiment)).toEqual({
      result: experimentWith({ ...tiny, 'data.size': '64' }),
      said: `Taken from ${own}: data.size=64.`,
    });
    const other = heed(own, experimentWith({ model: 'cmt-tiny', 'data.size': '32' }));
    expect([other.result.model, other.result.options[model]]).toEqual([model, network.options]);
    expect(other.said).toContain(`model=${model}`);
    expect(other.said).toContain(`${model}.width=0.0625`);
    expect(heed(own, experimentWith({ ...tiny, 'data.size': '64' })).said).toBe('');
  });

  it('keeps a size that was set, and says that it is another', () => {
    const { result, said } = heed(own, experiment, { 'data.size': '32' });
    expect(result).toEqual(experiment);
    expect(said).toContain('trained at 64 px; it predicts at 32 px');
  });

  it('refuses a model or an option that was set against the file', () => {
    const cmt = experimentWith({ model: 'cmt-tiny' });
    expect(() => heed(own, cmt, {}, 'cmt-tiny')).toThrow(`with model=${model}, and something else was set`);
    const wide = experimentWith({ ...tiny, [`${model}.width`]: '.5' });
    expect(() => heed(own, wide, { [`${model}.width`]: '.5' })).toThrow('width=0.0625, and something else was set');
  });

  it('takes a file that says nothing for what was asked', () => {
    expect(heed(foreign, experiment)).toEqual({ result: experiment, said: '' });
    expect(() => heed(foreign, experimentWith({ ...tiny, [`${model}.width`]: '.5' }))).toThrow(
      'does not fit ResNet-50-vd',
    );
  });
});

describe('a run that starts from weights', () => {
  const check = (path: string, asked: Experiment, classes?: number) =>
    heard((say) => checkInitial(asked, readWeights(path, asked, say), classes, say));

  it('says when they are from another size', () => {
    expect(check(own, experiment, 10).said).toBe(`${own} was trained at 64 px; this run goes on at 32 px.`);
    expect(check(foreign, experiment, 10).said).toBe('');
  });

  it('refuses those of another network, with the settings that make it fit', () => {
    const wide = experimentWith({ ...tiny, [`${model}.width`]: '.5' });
    expect(() => check(own, wide)).toThrow(`--set ${model}.width=0.0625 makes it fit`);
  });

  it('refuses those of other classes, where these are known', () => {
    expect(() => check(own, experiment, 3)).toThrow('tells 10 classes apart, and the data has 3');
    expect(check(own, experiment, undefined).said).not.toContain('classes');
  });
});

it('a prefix is left out aloud', () => {
  const names = new Map([...tensorsOf(network)].map(([name, tensor]) => [`module.${name}`, tensor]));
  const path = put('wrapped.safetensors', writeSafetensors(names));
  const { result, said } = heard((say) => readWeights(path, experiment, say));
  expect(said).toBe(`${path}: all its names begin with module., which was left out.`);
  expect([...parseSafetensors(result.bytes.buffer).keys()]).toEqual([...tensorsOf(network).keys()]);
});

const broken = (name: string, tensor: string, value: number, texts?: Record<string, string>) => {
  const tensors = tensorsOf(network);
  (tensors.get(tensor) as NamedArray).data[0] = value;
  return put(name, writeSafetensors(tensors, texts));
};

describe('every command with weights', () => {
  const nan = broken('nan.safetensors', 'fc.weight', Number.NaN);
  const infinite = broken(
    'infinite.safetensors',
    'layer1.0.bn1.running_var',
    Number.POSITIVE_INFINITY,
    headerTexts(network),
  );
  const unknown = put(
    'unknown.safetensors',
    writeSafetensors(tensorsOf(network), { ...headerTexts(network), model: 'resnet101' }),
  );
  const lfs = put('lfs.safetensors', 'version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n');
  const page = put('page.safetensors', '<!doctype html><title>Sign in</title>');
  const set = Object.entries(tiny).map(([key, value]) => `${key}=${value}`);

  it.each<[string, string]>([
    [nan, 'fc.weight holds numbers that are not finite'],
    [infinite, 'layer1.0.bn1.running_var holds numbers that are not finite'],
    [unknown, 'resnet101'],
    [lfs, 'Git LFS pointer'],
    [page, 'web page'],
  ])('refuses %s before a browser starts', async (path, words) => {
    for (const argv of [
      ['predict', '--weights', path],
      ['train', '--init', path],
      ['train', '--teacher', path],
    ]) {
      const said = await mistake(...argv, '--set', ...set);
      expect(said).toContain(path);
      expect(said).toContain(words);
    }
  });
});

it('weights with numbers that are none are not written', () => {
  const path = join(folder, 'saved.safetensors');
  const weights = new Uint8Array(readFileSync(broken('diverged.safetensors', 'conv1.0.weight', Number.NaN)));
  expect(() => saveWeights(path, weights)).toThrow(
    `${path} is not written: conv1.0.weight holds numbers that are not finite.`,
  );
  expect(existsSync(path)).toBe(false);
  expect(() => saveWeights(path, new Uint8Array(readFileSync(own)))).not.toThrow();
  expect(readFileSync(path)).toEqual(readFileSync(own));
});
