import { expect, test } from 'vitest';
import { windowsAlong } from '../../../src/core/sliding';
import { estimate, estimateSeconds } from '../../../src/experiment/estimate';
import { presets } from '../../../src/experiment/presets';
import { experimentWith } from '../../../src/experiment/schema';
import { countingLayers } from '../../../src/experiment/shape-layers';

const full = (model: string, size: number, more = {}) =>
  experimentWith({
    model,
    'resnet50-vd.depths': '3,4,6,3',
    'resnet50-vd.width': 1,
    'data.size': size,
    'data.batch': 8,
    ...more,
  });

test.each([
  ['resnet50', 1000, 25_557_032],
  ['resnet50', 100, 23_712_932],
  ['resnet50', 10, 23_528_522],
  ['resnet50-a', 1000, 25_557_032],
  ['resnet50-c', 1000, 25_576_264],
  ['resnet50-vd', 1000, 25_576_264],
  ['resnet50-vd', 100, 23_732_164],
  ['resnet50-vd', 10, 23_547_754],
])('%s for %i classes has the %i parameters of timm', (model, classes, params) => {
  expect(estimate(full(model, 64), classes).params).toBe(params);
});

// The recipe's figures, to three or four digits; the head has 1000 classes at every size.
test.each([
  ['resnet50', 224, 4.089, 5e-4],
  ['resnet50', 64, 0.336, 5e-4],
  ['resnet50', 32, 0.0855, 5e-5],
  ['resnet50-vd', 224, 4.329, 5e-4],
  ['resnet50-vd', 64, 0.355, 5e-4],
  ['resnet50-vd', 32, 0.0903, 5e-5],
])('%s at %i px takes %f GMAC', (model, size, gmacs, tolerance) => {
  expect(Math.abs(estimate(full(model, size), 1000).gmacs - gmacs)).toBeLessThan(tolerance);
});

test.each([
  [160, 9_492_426],
  [224, 9_705_546],
])('CMT-tiny at %i px has the parameters of the official model', (size, params) => {
  expect(estimate(full('cmt-tiny', size), 1000).params).toBe(params);
});

// The recipe's figures count attention's products too, to two or three figures.
test.each([
  [160, 0.639, 2e-3],
  [224, 1.29, 2e-2],
  [64, 0.1, 1e-2],
])('CMT-tiny at %i px takes %f GMAC', (size, gmacs, tolerance) => {
  const cost = estimate(full('cmt-tiny', size), 1000);
  expect(Math.abs(cost.gmacs + cost.attentionGmacs - gmacs)).toBeLessThan(tolerance);
});

// What torch counts of the authors' CMT(embed_dims, depths) and of timm's ResNet(layers, channels, stem_width), 10 classes at 64 px.
test.each([
  ['cmt-tiny', { 'cmt-tiny.depths': '1,1,1,1', 'cmt-tiny.channels': 8 }, 188_164],
  ['resnet50-vd', { 'resnet50-vd.depths': '1,1,1,1', 'resnet50-vd.width': 0.125 }, 130_342],
  ['resnet50-c', { 'resnet50-c.depths': '1,1,1,1', 'resnet50-c.width': 0.125 }, 130_342],
  ['resnet50', { 'resnet50.depths': '1,1,1,1' }, 8_036_426],
])('a small %s with %o has the %i parameters of the original code', (model, keys, params) => {
  expect(estimate(full(model, 64, keys), 10).params).toBe(params);
});

test('memory is weights once and activations per image', () => {
  const [one, two] = [8, 16].map((batch) => estimate(full('resnet50-vd', 224, { 'data.batch': batch }), 1000));
  if (!one || !two) throw new Error('Two estimates.');
  expect(one.weightBytes).toBe(25_576_264 * 12);
  expect(two.weightBytes).toBe(one.weightBytes);
  expect(two.activationBytes).toBe(2 * one.activationBytes);
  // The engine's budget for this very step is 1.3 GB.
  expect(one.estimatedBytes).toBeGreaterThan(0.7e9);
  expect(one.estimatedBytes).toBeLessThan(2e9);
});

test('memory counts what the optimizer and its tricks keep of every weight', () => {
  const copies = (more: Record<string, string>) =>
    estimate(full('resnet50-vd', 64, more), 1000).weightBytes / (4 * 25_576_264);
  // Weight, gradient, momentum; Adam's second moment; the average; the gradients of a micro-batch.
  expect(copies({})).toBe(3);
  expect(copies({ optimizer: 'lars' })).toBe(3);
  expect(copies({ optimizer: 'adamw' })).toBe(4);
  expect(copies({ optimizer: 'adamw', ema: 'on' })).toBe(5);
  expect(copies({ ema: 'on', 'gradient-accumulation': 'on' })).toBe(5);
});

test('low precision halves what lies between layers, and adds half a copy of the weights', () => {
  const of = (more: Record<string, string>) => estimate(full('resnet50-vd', 64, more), 1000);
  const [plain, low] = [of({}), of({ 'low-precision': 'on' })];
  expect(low.activationBytes).toBe(plain.activationBytes / 2);
  expect(low.weightBytes - plain.weightBytes).toBe(2 * plain.params);
});

test('time is operations over rate', () => {
  const experiment = experimentWith({ dataset: 'emoji', 'data.batch': 32, 'data.size': 64, 'stop.steps': 10 });
  const { trainFlopsPerImage, gmacs } = estimate(experiment, 10);
  expect(trainFlopsPerImage).toBeCloseTo(gmacs * 6e9, 0);
  expect(estimateSeconds(experiment, 1e9)).toBeCloseTo((320 * trainFlopsPerImage) / 1e9, 6);
});

test('the tiny preset and its validation take under four minutes at .1 GFLOP/s', () => {
  const tiny = presets.find(({ id }) => id === 'tiny');
  if (!tiny) throw new Error('There is no tiny preset.');
  const validation = (10_000 * 2e9 * estimate(tiny.experiment, 10).gmacs) / 1e8;
  expect(estimateSeconds(tiny.experiment, 1e8) + validation).toBeLessThan(240);
});

test('a teacher costs a forward pass, its weights, and room only where it needs more than the student', () => {
  const student = full('resnet50-vd', 64);
  const alone = estimate(student, 10);
  const { model, options } = student;
  const twin = estimate(student, 10, { model, options: options[model] ?? {} });
  expect(twin.trainFlopsPerImage).toBeCloseTo((alone.trainFlopsPerImage * 4) / 3, 0);
  expect(twin.estimatedBytes - alone.estimatedBytes).toBe(4 * alone.params);
  expect([twin.params, twin.gmacs]).toEqual([alone.params, alone.gmacs]);
});

test('windows slide as in PyTorch, partial ones included on request', () => {
  expect(windowsAlong(224, { kernel: 7, stride: 2, padding: 3 })).toBe(112);
  expect(windowsAlong(7, { kernel: 2, stride: 2, padding: 0 })).toBe(3);
  expect(windowsAlong(7, { kernel: 2, stride: 2, padding: 0, ceil: true })).toBe(4);
  expect(windowsAlong(8, { kernel: 2, stride: 2, padding: 0, ceil: true })).toBe(4);
  expect(windowsAlong(1, { kernel: 2, stride: 2, padding: 0, ceil: true })).toBe(1);
});

test('an image too small for a window is refused with a reason', () => {
  const { nn } = countingLayers();
  expect(() => nn.conv([1, 2, 2, 3], 'stem', { out: 8, kernel: 7 })).toThrow('choose larger images');
  expect(() => nn.reshape([1, 4, 4], [1, 15])).toThrow('cannot take the shape');
});
