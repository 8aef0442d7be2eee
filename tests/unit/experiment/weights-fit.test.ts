/** What a weights file is for, found out from its header or its tensors, and everything that can be wrong with it. */
import { describe, expect, it, test } from 'vitest';
import { plainModel } from '../../../src/catalog/define';
import { modelOf } from '../../../src/catalog/parts';
import { type NamedArray, parseSafetensors, writeSafetensors } from '../../../src/core/safetensors';
import { sizeOf } from '../../../src/core/shape';
import { planTraining } from '../../../src/experiment/plan';
import { experimentWith } from '../../../src/experiment/schema';
import { countingLayers } from '../../../src/experiment/shape-layers';
import { warningsOf } from '../../../src/experiment/warnings';
import {
  describeWeights,
  headerTexts,
  type NetworkDescription,
  readHeaderTexts,
  unwrapWeights,
  wrongNumbersIn,
} from '../../../src/experiment/weights-fit';
import { type Checkpoint, surplus } from '../../../src/runs/checkpoints';

const small = { depths: [1, 1, 1, 1], width: 0.0625, stem: 'imagenet' };
const network: NetworkDescription = { model: 'resnet50-vd', options: small, classes: 7, size: 32 };

/** Tensors of a network. */
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

const elsewhere = { model: 'resnet50-vd', options: small, size: 32 };

const one = { shape: [1], data: Float32Array.of(1) };

/** The file of another program: no description. */
const foreign = (change: (tensors: Map<string, NamedArray>) => void) => {
  const tensors = tensorsOf(network);
  change(tensors);
  return writeSafetensors(tensors);
};

/** The network's file with something before every name. */
const wrapped = (prefix: string) =>
  writeSafetensors(new Map([...tensorsOf(network)].map(([name, tensor]) => [`${prefix}${name}`, tensor])));

describe('a wrapped model', () => {
  it.each(['module.', '_orig_mod.', 'model.', 'module._orig_mod.', '_orig_mod.module.model.'])(
    'loses its prefix %s, which is told',
    (prefix) => {
      const unwrapped = unwrapWeights(wrapped(prefix));
      expect(unwrapped.prefix).toBe(prefix);
      expect(parseSafetensors(unwrapped.file)).toEqual(tensorsOf(network));
      expect(describeWeights(unwrapped.file, elsewhere)).toEqual(network);
    },
  );

  it('keeps what its file says', () => {
    const tensors = new Map([...tensorsOf(network)].map(([name, tensor]) => [`module.${name}`, tensor]));
    const { file } = unwrapWeights(writeSafetensors(tensors, headerTexts(network)));
    expect(describeWeights(file, { ...elsewhere, model: 'resnet50' })).toEqual(network);
  });

  it('is not seen where only some names have the prefix, or none', () => {
    for (const file of [
      foreign(() => undefined),
      foreign((all) => all.set('module.x', one)),
      writeSafetensors(new Map()),
    ]) {
      expect(unwrapWeights(file)).toEqual({ file, prefix: '' });
    }
  });
});

test('numbers that no network can have are found by tensor, in any file', () => {
  expect(wrongNumbersIn(foreign(() => undefined))).toBeUndefined();
  const broken = foreign((all) => (all.get('fc.bias') as NamedArray).data.fill(Number.NaN, 6));
  expect(wrongNumbersIn(broken)).toBe('fc.bias holds numbers that are not finite');
});

describe('describeWeights', () => {
  it('believes a file that says what it is, whatever the experiment is about', () => {
    const cmt: NetworkDescription = { model: 'cmt-tiny', options: {}, classes: 3, size: 64 };
    const options = modelOf('cmt-tiny').options.parse({}) as NetworkDescription['options'];
    for (const one of [network, { ...cmt, options }]) {
      const file = writeSafetensors(tensorsOf(one), headerTexts(one));
      expect(describeWeights(file, elsewhere)).toEqual(one);
    }
  });

  it('counts the classes of a file that says nothing', () => {
    expect(
      describeWeights(
        foreign(() => undefined),
        elsewhere,
      ),
    ).toEqual(network);
    const counter = { shape: [1], data: Float32Array.of(100) };
    expect(
      describeWeights(
        foreign((all) => all.set('bn1.num_batches_tracked', counter)),
        elsewhere,
      ).classes,
    ).toBe(7);
  });

  it.each<[string, ArrayBuffer, RegExp]>([
    ['no safetensors', new TextEncoder().encode('not weights at all').buffer as ArrayBuffer, /Not a valid safetensors/],
    ['a missing tensor', foreign((all) => all.delete('layer1.0.conv1.weight')), /missing are layer1\.0\.conv1\.weight/],
    ['missing statistics', foreign((all) => all.delete('bn1.running_var')), /missing are bn1\.running_var/],
    ['an unknown tensor', foreign((all) => all.set('head.extra', one)), /the model has no head\.extra/],
    ['another width', foreign((all) => all.set('conv1.0.weight', one)), /of another size are conv1\.0\.weight/],
    ['no classifier', foreign((all) => all.delete('fc.bias')), /no fc\.bias/],
    [
      'numbers that are not finite',
      foreign((all) => (all.get('fc.weight') as NamedArray).data.fill(Number.NaN, 3, 4)),
      /fc\.weight holds numbers that are not finite/,
    ],
    [
      'an infinite number',
      foreign((all) => (all.get('conv1.0.weight') as NamedArray).data.fill(Number.NEGATIVE_INFINITY, 0, 1)),
      /conv1\.0\.weight holds numbers that are not finite/,
    ],
    [
      'infinite statistics',
      foreign((all) => (all.get('bn1.running_var') as NamedArray).data.fill(Number.POSITIVE_INFINITY)),
      /bn1\.running_var holds numbers that are not finite/,
    ],
    [
      'statistics that no images have',
      foreign((all) => (all.get('bn1.running_var') as NamedArray).data.fill(-1, 0, 1)),
      /bn1\.running_var holds a variance below zero/,
    ],
    ['a wrapped model', wrapped('module.'), /begin with module\., the prefix/],
    [
      'a model that is not in the catalog',
      writeSafetensors(new Map(), { ...headerTexts(network), model: 'alexnet' }),
      /alexnet/,
    ],
    [
      'options that the model does not have',
      writeSafetensors(new Map(), { ...headerTexts(network), options: '{"depths":[99,1,1,1]}' }),
      /options that this Tricklab does not know/,
    ],
  ])('refuses %s in words', (_name, file, words) => {
    expect(() => describeWeights(file, elsewhere)).toThrow(words);
  });

  it('counts before it allocates: a header that promises a huge network is refused by its sizes', () => {
    const huge = { ...network, options: { depths: [36, 36, 36, 36], width: 2, stem: 'imagenet' }, classes: 9_999_999 };
    const file = writeSafetensors(tensorsOf(network), headerTexts(huge));
    expect(() => describeWeights(file, elsewhere)).toThrow(/missing are .* and \d+ more/);
  });
});

test('a description that is not whole is none', () => {
  const texts = new Map(Object.entries(headerTexts(network)));
  expect(readHeaderTexts(texts)).toEqual(network);
  for (const [key, wrong] of [
    ['classes', 'many'],
    ['size', '-1'],
  ] as const) {
    expect(readHeaderTexts(new Map([...texts, [key, wrong]]))).toBeUndefined();
  }
  expect(readHeaderTexts(new Map([['format', 'pt']]))).toBeUndefined();
  expect([...parseSafetensors(writeSafetensors(new Map(), headerTexts(network)))]).toEqual([]);
});

describe('what goes when there is no room', () => {
  const kept = [3, 1, 2].map((used) => ({ id: `used ${used}`, used, bytes: 100 }) as Checkpoint);
  const ids = (bytes: number, most: number) => surplus(kept, bytes, most).map(({ id }) => id);

  it('is what was not used for longest, and no more than it takes', () => {
    expect(ids(100, 400)).toEqual([]);
    expect(ids(101, 400)).toEqual(['used 1']);
    expect(ids(200, 400)).toEqual(['used 1']);
    expect(ids(201, 400)).toEqual(['used 1', 'used 2']);
    expect(ids(400, 400)).toEqual(['used 1', 'used 2', 'used 3']);
  });
});

describe('the distillation trick', () => {
  const taught = { distillation: true, 'distillation.teacher': 'wise-fern', 'distillation.temperature': 4 };

  it('plans a loss with its teacher, and none while it is off', () => {
    const facts = { trainImages: 640, classes: 10 };
    expect(planTraining(experimentWith(taught), facts).lossPlan.distillation).toEqual({
      teacher: 'wise-fern',
      temperature: 4,
      distillWeight: 1,
      taskWeight: 1,
    });
    expect(planTraining(experimentWith({}), facts).lossPlan).not.toHaveProperty('distillation');
  });

  const warnings = (keys: Parameters<typeof experimentWith>[0]) =>
    warningsOf(experimentWith(keys)).map(({ part, message }) => `${part}: ${message}`);

  it('warns of a missing teacher, of weight 0 and of label smoothing beside it', () => {
    expect(warnings(taught)).toEqual([]);
    expect(warnings({ distillation: true })).toEqual([expect.stringMatching(/^distillation: No teacher/)]);
    expect(warnings({ ...taught, 'distillation.weight': 0 })).toEqual([
      expect.stringMatching(/^distillation: At weight 0/),
    ]);
    expect(warnings({ ...taught, 'label-smoothing': true })).toEqual([
      expect.stringMatching(/^label-smoothing: .*soft/),
    ]);
  });
});
