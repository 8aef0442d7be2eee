/** What models do with the tricks that they are told of, read off the calls that they make. */
import { expect, test } from 'vitest';
import { plainModel } from '../../../src/catalog/define';
import { models } from '../../../src/catalog/models';
import { modelOf } from '../../../src/catalog/parts';
import type { Shape } from '../../../src/core/shape';
import type { Layers } from '../../../src/engine/ops';
import { countingLayers } from '../../../src/experiment/shape-layers';
import { trainings } from '../../fixtures/models/cases';
import { trainingOf } from '../../fixtures/models/reference';

/** Calls of a forward pass in order: layer, name if it has one, and rate. */
function calls(id: string, options: object, plan: Partial<typeof plainModel>): string[] {
  const model = modelOf(id);
  const made: string[] = [];
  const told = (layer: string, ...rest: unknown[]) =>
    made.push([layer, ...rest.filter((x) => x !== undefined)].join(' '));
  const { nn } = countingLayers();
  const spied: Layers<Shape> = {
    ...nn,
    batchNorm: (x, name, settings, residual) => {
      told(
        'norm',
        name,
        settings?.gamma === 0 ? 'gamma 0' : undefined,
        settings?.relu ? 'relu' : undefined,
        residual ? 'residual' : undefined,
      );
      return nn.batchNorm(x, name, settings, residual);
    },
    add: (a, b) => {
      told('add');
      return nn.add(a, b);
    },
    relu: (x) => {
      told('relu');
      return nn.relu(x);
    },
    dropPath: (x, name, rate) => {
      told('drop-path', name, rate.toFixed(3));
      return nn.dropPath(x, name, rate);
    },
    dropout: (x, name, rate) => {
      told('dropout', name, rate.toFixed(3));
      return nn.dropout(x, name, rate);
    },
    linear: (x, name, settings) => {
      told('linear', name);
      return nn.linear(x, name, settings);
    },
  };
  model.forward(spied, [2, 64, 64, 3], model.options.parse(options), { ...plainModel, ...plan, classes: 10, size: 64 });
  return made;
}

const small = { depths: [1, 2, 1, 1] };

const dropPaths = (made: string[]) => made.filter((call) => call.startsWith('drop-path'));

test('a ResNet skips blocks by the linear rule of timm, before the shortcut is added', () => {
  const made = calls('resnet50-vd', small, { dropPath: 0.2 });
  // Block i of 5: .2 i / 4; the first never, and stays fused.
  expect(dropPaths(made)).toEqual([
    'drop-path layer2.0 0.050',
    'drop-path layer2.1 0.100',
    'drop-path layer3.0 0.150',
    'drop-path layer4.0 0.200',
  ]);
  const at = made.indexOf('drop-path layer2.1 0.100');
  expect(made.slice(at - 1, at + 3)).toEqual(['norm layer2.1.bn3', 'drop-path layer2.1 0.100', 'add', 'relu']);
  expect(made).toContain('norm layer1.0.bn3 relu residual');
});

test('a CMT skips attention and feed-forward of a block by the same rule, as its authors do', () => {
  const made = calls('cmt-tiny', small, { dropPath: 0.2 });
  expect(dropPaths(made).slice(0, 4)).toEqual([
    'drop-path blocks_a.0.attn 0.000',
    'drop-path blocks_a.0.mlp 0.000',
    'drop-path blocks_b.0.attn 0.050',
    'drop-path blocks_b.0.mlp 0.050',
  ]);
  expect(made).toContain('drop-path blocks_d.0.mlp 0.200');
});

test('a MobileNetV3 skips the blocks that have a shortcut, at rates that count its first and last block, as timm does', () => {
  const made = calls('mobilenetv3-small', {}, { dropPath: 0.12 });
  // Block i of 12: .12 i / 12; blocks 1, 3, 6 and 8 halve the image or change the channels.
  expect(dropPaths(made)).toEqual([
    'drop-path blocks.1.1 0.020',
    'drop-path blocks.2.1 0.040',
    'drop-path blocks.2.2 0.050',
    'drop-path blocks.3.1 0.070',
    'drop-path blocks.4.1 0.090',
    'drop-path blocks.4.2 0.100',
  ]);
  const at = made.indexOf('drop-path blocks.2.1 0.040');
  expect(made.slice(at - 1, at + 2)).toEqual(['norm blocks.2.1.bn3', 'drop-path blocks.2.1 0.040', 'add']);
});

test('without drop path a MobileNetV3 adds its shortcuts within the norm', () => {
  const made = calls('mobilenetv3-small', {}, {});
  expect(made).toContain('norm blocks.2.1.bn3 residual');
  expect(made).toContain('norm blocks.2.0.bn3');
  expect(made.filter((call) => /^(add|drop-path)/.test(call))).toEqual([]);
});

test('a ConvNeXt skips blocks by the linear rule of timm', () => {
  expect(dropPaths(calls('convnext-atto', small, { dropPath: 0.2 }))).toEqual([
    'drop-path stages.0.blocks.0 0.000',
    'drop-path stages.1.blocks.0 0.050',
    'drop-path stages.1.blocks.1 0.100',
    'drop-path stages.2.blocks.0 0.150',
    'drop-path stages.3.blocks.0 0.200',
  ]);
});

test.each([
  ['resnet50', 'fc', small],
  ['cmt-tiny', 'head', small],
  ['mobilenetv3-small', 'classifier', {}],
  ['convnext-atto', 'head.fc', small],
])('dropout of %s comes right before the classifier', (id, classifier, options) => {
  const made = calls(id, options, { dropout: 0.3 });
  expect(made.at(-1)).toBe(`linear ${classifier}`);
  expect(made.at(-2)).toMatch(/^dropout .* 0\.300$/);
});

test('without drop path a ResNet adds its shortcuts within the norm', () => {
  const made = calls('resnet50', small, {});
  expect(made.filter((call) => /^(add|relu|drop-path)/.test(call))).toEqual([]);
});

test.each(models.map(({ id, batchNorm, zeroGamma }) => ({ id, batchNorm, zeroGamma })))(
  '$id normalises and starts at zero as it says, and obeys every trick of the model',
  ({ id, batchNorm, zeroGamma }) => {
    const plain = calls(id, {}, {});
    expect(plain.some((call) => call.startsWith('norm'))).toBe(batchNorm);
    expect(plain.some((call) => call.includes('gamma 0'))).toBe(false);
    expect(calls(id, {}, { zeroGamma: true }).some((call) => call.includes('gamma 0'))).toBe(zeroGamma);
    expect(calls(id, {}, { dropPath: 0.2 })).not.toEqual(plain);
    expect(calls(id, {}, { dropout: 0.2 })).not.toEqual(plain);
  },
);

test.each(models.map(({ id }) => ({ id })))('$id is held to an implementation that is not ours', ({ id }) => {
  expect(trainings.map(({ model }) => model)).toContain(id);
});

test.each(trainings)(
  '$name has the parameters and running statistics of its fixture',
  ({ name, model, options, size }) => {
    const { nn, counts } = countingLayers();
    const definition = modelOf(model);
    definition.forward(nn, [1, size, size, 3], definition.options.parse(options), { ...plainModel, classes: 10, size });
    const { gradients, running } = trainingOf(name);
    expect([...counts.parameters.keys()].sort()).toEqual(Object.keys(gradients).sort());
    expect([...counts.buffers.keys()].sort()).toEqual(Object.keys(running).sort());
  },
);
