/** Networks that are timm's: the tensors of their state dicts, their sizes and multiply-adds, as timm itself gives them. */
import { describe, expect, it } from 'vitest';
import { plainModel } from '../../../src/catalog/define';
import { defaultOptions, modelOf } from '../../../src/catalog/parts';
import { sizeOf } from '../../../src/core/shape';
import { type Counts, countingLayers } from '../../../src/experiment/shape-layers';
import { counts, multiplyAdds, shapes, type TimmModel } from '../../fixtures/models/reference';

function countsOf(id: string, options: object, classes: number, size: number): Counts {
  const model = modelOf(id);
  const { nn, counts } = countingLayers();
  model.forward(nn, [1, size, size, 3], model.options.parse(options), { ...plainModel, classes, size });
  return counts;
}

const parametersIn = ({ parameters }: Counts) =>
  [...parameters.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);

describe.each((Object.keys(shapes) as TimmModel[]).map((id) => ({ id })))('$id', ({ id }) => {
  it("has the tensors of timm's state dict, each of its shape", () => {
    const { parameters, buffers } = countsOf(id, {}, 1000, 224);
    expect(Object.fromEntries([...parameters, ...buffers])).toEqual(shapes[id]);
  });

  it.each([1000, 100, 10])('has the parameters of timm for %i classes', (classes) => {
    expect(parametersIn(countsOf(id, {}, classes, 64))).toBe(counts[id]?.[classes]);
  });

  it.each(Object.entries(multiplyAdds[id]))('takes the multiply-adds of timm at %s px', (size, expected) => {
    expect(countsOf(id, {}, 1000, Number(size)).macs).toBe(expected);
  });

  it("is exported by timm's name", () => {
    const timm = modelOf(id).timm(defaultOptions(modelOf(id)));
    expect(timm).toEqual({ args: ['--model', id === 'convnext-atto' ? 'convnext_atto' : 'mobilenetv3_small_100'] });
  });
});

it.each([0.5, 0.75])('MobileNetV3-small at a width of %f rounds its channels as timm does', (width) => {
  const expected = counts[`mobilenetv3-small at ${String(width).slice(1)}`]?.[1000];
  expect(parametersIn(countsOf('mobilenetv3-small', { width }, 1000, 224))).toBe(expected);
});

describe('what timm cannot say', () => {
  const timm = (id: string, options: object) => modelOf(id).timm(modelOf(id).options.parse(options));

  it.each([
    ['mobilenetv3-small', { width: 0.25 }],
    ['mobilenetv3-small', { stem: 'small' }],
    ['convnext-atto', { patch: '2' }],
  ])('%s with %o is said to be impossible', (id, options) => {
    expect(timm(id, options)).toMatchObject({ impossible: expect.stringMatching(/^timm.*\.$/) });
  });

  it('the sizes of a ConvNeXt are arguments, and a narrow MobileNetV3 has a name', () => {
    expect(timm('convnext-atto', { depths: [1, 1, 2, 1], width: 0.4, patch: '1' })).toEqual({
      args: [
        ...['--model', 'convnext_atto', '--model-kwargs'],
        ...['depths=(1,1,2,1)', 'dims=(16,32,64,128)', 'patch_size=1'],
      ],
    });
    expect(timm('mobilenetv3-small', { width: 0.5 })).toEqual({ args: ['--model', 'mobilenetv3_small_050'] });
  });
});

it('a ConvNeXt refuses images that its stages would halve to nothing', () => {
  expect(() => countsOf('convnext-atto', {}, 10, 28)).toThrow('needs images of 32 pixels or more, not 28');
  expect(() => countsOf('convnext-atto', {}, 10, 32)).not.toThrow();
  expect(() => countsOf('convnext-atto', { patch: '2' }, 10, 28)).not.toThrow();
});
