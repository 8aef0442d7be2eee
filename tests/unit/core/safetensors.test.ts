import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type NamedArray,
  parseSafetensors,
  renameTensors,
  safetensorsMetadata,
  writeSafetensors,
} from '../../../src/core/safetensors';

/** A file from a header and raw bytes, right or wrong. */
function file(header: string, data: number[] = [], headerBytes = BigInt(header.length)): ArrayBuffer {
  const result = new Uint8Array(8 + header.length + data.length);
  new DataView(result.buffer).setBigUint64(0, headerBytes, true);
  result.set(new TextEncoder().encode(header), 8);
  result.set(data, 8 + header.length);
  return result.buffer;
}

const one = (dtype: string, bytes: number[], shape = [1]) =>
  parseSafetensors(file(JSON.stringify({ x: { dtype, shape, data_offsets: [0, bytes.length] } }), bytes)).get('x');

describe('safetensors', () => {
  it('reads back what it writes, for any names, shapes and values', () => {
    const tensor = fc.array(fc.nat(3), { maxLength: 4 }).chain((shape) => {
      const count = shape.reduce((product, side) => product * side, 1);
      return fc.float32Array({ minLength: count, maxLength: count }).map((data): NamedArray => ({ shape, data }));
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof(fc.string({ minLength: 1 }), fc.constant('__proto__')), tensor), { maxLength: 4 }),
        (pairs) => {
          const tensors = new Map(pairs.filter(([name]) => name !== '__metadata__'));
          const read = parseSafetensors(writeSafetensors(tensors, { format: 'pt' }));
          expect([...read.keys()].sort()).toEqual([...tensors.keys()].sort());
          for (const [name, { shape, data }] of tensors) expect(read.get(name)).toEqual({ shape, data });
        },
      ),
    );
  });

  it('aligns the values to 8 bytes', () => {
    const buffer = writeSafetensors(new Map([['ab', { shape: [1], data: Float32Array.of(1) }]]));
    expect(new DataView(buffer).getBigUint64(0, true) % 8n).toBe(0n);
  });

  it('reads half, bfloat16 and double precision', () => {
    expect(one('F16', [0x00, 0x3c, 0x01, 0x00, 0x00, 0xfc, 0x55, 0xb5], [4])?.data).toEqual(
      Float32Array.of(1, 2 ** -24, Number.NEGATIVE_INFINITY, -0.333251953125),
    );
    expect(one('BF16', [0x80, 0x3f, 0x49, 0xc0], [2])?.data).toEqual(Float32Array.of(1, -3.140625));
    expect(one('F64', [...new Uint8Array(Float64Array.of(0.1).buffer)])?.data).toEqual(Float32Array.of(0.1));
  });

  it('skips integer counters and reads scalars', () => {
    expect(one('I64', new Array(8).fill(1))).toBeUndefined();
    expect(one('F32', [0, 0, 128, 63], [])).toEqual({ shape: [], data: Float32Array.of(1) });
  });

  it.each([
    ['an empty file', new ArrayBuffer(0), 'only 0 bytes'],
    ['a header longer than the file', file('{}', [], 1000n), 'header would have 1000 bytes'],
    ['a header length of 2^63', file('{}', [], 2n ** 63n), 'header would have'],
    ['a header that is not JSON', file('{{'), 'not JSON'],
    ['a header that is a list', file('[]'), 'not an object'],
    ['a tensor that is null', file('{"x":null}'), 'x has no dtype'],
    ['a negative side', file('{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}'), 'no proper shape'],
    ['offsets outside', file('{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'), 'outside the file'],
    [
      'offsets turned round',
      file('{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}', [0, 0, 0, 0]),
      'outside the file',
    ],
    [
      'a shape that needs more bytes',
      file('{"x":{"dtype":"F32","shape":[9e9,9e9],"data_offsets":[0,0]}}'),
      'cannot have 0 bytes',
    ],
    [
      'tensors that overlap',
      file(
        '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        [0, 0, 0, 0],
      ),
      'tensors overlap',
    ],
    [
      'tensors of which one lies in another',
      file(
        '{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        new Array(8).fill(0),
      ),
      'tensors overlap, y',
    ],
    [
      'bytes before, between or behind its tensors',
      file('{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', new Array(8).fill(0)),
      'bytes 0 to 4 belong to no tensor',
    ],
    ['values of no tensor', file('{}', [1, 2, 3]), 'last 3 bytes belong to no tensor'],
    [
      'counters of a wrong length',
      file('{"x":{"dtype":"I64","shape":[1],"data_offsets":[0,4]}}', new Array(4).fill(0)),
      'type I64 cannot have 4 bytes',
    ],
    [
      'a type that objects have by birth',
      file('{"x":{"dtype":"constructor","shape":[],"data_offsets":[0,0]}}'),
      'type constructor',
    ],
    ['a header that only begins as one', file('{"x":[[[[[[[[[[]]]]]]]]]]}'), 'nested too deep'],
    ['an unknown type', file('{"x":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', [0]), 'type F8_E4M3'],
  ])('refuses %s with a reason', (_, buffer, reason) => {
    expect(() => parseSafetensors(buffer)).toThrow(reason);
  });

  const text = (words: string) => new TextEncoder().encode(words).buffer as ArrayBuffer;
  const bytes = (...start: number[]) => Uint8Array.from({ length: 100 }, (_, i) => start[i] ?? 7).buffer;
  it.each([
    [
      'a Git LFS pointer',
      text('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'),
      'Git LFS pointer',
    ],
    ['a web page', text('\n<!DOCTYPE html><html><title>Sign in</title></html>'), 'web page'],
    ['a web page with a mark', text('\ufeff<html lang="en"></html>'), 'web page'],
    ['what PyTorch writes', bytes(0x50, 0x4b, 3, 4), 'PyTorch file'],
    ['what PyTorch wrote before', bytes(0x80, 2, 0x8a, 0x0a), 'PyTorch file'],
    ['what Keras writes', bytes(0x89, 0x48, 0x44, 0x46), 'HDF5'],
    ['an archive', bytes(0x1f, 0x8b), 'gzip'],
  ])('calls %s by its name', (_, buffer, name) => {
    for (const read of [parseSafetensors, safetensorsMetadata]) expect(() => read(buffer)).toThrow(name);
  });

  it('refuses headers that would keep a page busy for minutes without reading them', () => {
    const entry = '"shape":[0],"dtype":"F32","data_offsets":[0,0]';
    const many = `{${Array.from({ length: 100_000 }, (_, i) => `"${i}":{${entry}}`).join()}}`;
    const deep = `{"x":${'['.repeat(400_000)}${']'.repeat(400_000)}}`;
    const parse = JSON.parse;
    let parsed = 0;
    JSON.parse = (...given) => {
      parsed++;
      return parse(...given);
    };
    try {
      expect(() => parseSafetensors(file(many))).toThrow('at most 1000000 are read');
      expect(() => parseSafetensors(file(deep))).toThrow('nested too deep');
    } finally {
      JSON.parse = parse;
    }
    expect(parsed).toBe(0);
  });

  it('is not misled by brackets in texts', () => {
    const written = writeSafetensors(new Map(), { note: `[[[[[[[[[["\\${'{'.repeat(50)}` });
    expect(safetensorsMetadata(written).get('note')).toContain('{{{');
  });

  it('renames tensors, and leaves values, types, order and texts as they are', () => {
    const half = { dtype: 'F16', shape: [1], data_offsets: [0, 2] };
    const counter = { dtype: 'U8', shape: [2], data_offsets: [2, 4] };
    const header = { __metadata__: { model: 'x' }, 'module.a': half, 'module.b': counter };
    const renamed = renameTensors(file(JSON.stringify(header), [0, 0x3c, 1, 2]), (name) => name.slice(7));
    expect([...parseSafetensors(renamed)]).toEqual([['a', { shape: [1], data: Float32Array.of(1) }]]);
    expect([...safetensorsMetadata(renamed)]).toEqual([['model', 'x']]);
    expect([...new Uint8Array(renamed).slice(-4)]).toEqual([0, 0x3c, 1, 2]);
  });

  it('reads the texts of a header and leaves out what is none', () => {
    const tensors = new Map([['x', { shape: [1], data: Float32Array.of(1) }]]);
    const written = writeSafetensors(tensors, { format: 'pt', model: 'resnet50' });
    expect([...safetensorsMetadata(written)]).toEqual([
      ['format', 'pt'],
      ['model', 'resnet50'],
    ]);
    expect([...safetensorsMetadata(file('{"__metadata__":{"a":1,"b":"c"}}'))]).toEqual([['b', 'c']]);
    expect(safetensorsMetadata(file('{"__metadata__":"text"}')).size).toBe(0);
    expect(() => safetensorsMetadata(file('{{'))).toThrow('not JSON');
  });

  it('refuses to write a tensor whose shape and values disagree', () => {
    expect(() => writeSafetensors(new Map([['x', { shape: [2], data: Float32Array.of(1) }]]))).toThrow('has 1 values');
  });
});
