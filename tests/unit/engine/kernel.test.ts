import type { TensorInfo } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { boundTensors, kernelOf, packUniforms, shaderText } from '../../../src/engine/gpu/kernel';

const kernel = kernelOf({
  name: 'scale',
  body: '#if HAS_BIAS\nbias\n#else\nno bias\n#end',
  tensors: { x: 'read V', bias: 'read f32?', at: 'read u32', y: 'write V' },
  uniforms: { size: 'u32', factor: 'f32' },
  constants: ['VEC'],
});

const tensor = (id: string): TensorInfo => ({ dataId: { id }, shape: [4], dtype: 'float32' });
const given = { x: tensor('x'), at: tensor('at'), y: tensor('y') };

describe('the head of a shader', () => {
  it('binds the tensors that are there in the order of the declaration, then the uniforms', () => {
    const text = shaderText(kernel, boundTensors(kernel, given), new Set(), { VEC: 1 });
    expect(text.split('\n')).toEqual([
      'const WG = 64u;',
      'const VEC = 1u;',
      'alias V = vec4f;',
      '@group(0) @binding(0) var<storage, read> xMemory: array<vec4f>;',
      'fn x(i: u32) -> V { return xMemory[i]; }',
      '@group(0) @binding(1) var<storage, read> atMemory: array<u32>;',
      'fn at(i: u32) -> u32 { return atMemory[i]; }',
      '@group(0) @binding(2) var<storage, read_write> yMemory: array<vec4f>;',
      'fn y(i: u32) -> V { return yMemory[i]; }',
      'fn setY(i: u32, value: V) { yMemory[i] = value; }',
      'struct Dims { size: u32, factor: f32 }',
      '@group(0) @binding(3) var<uniform> dims: Dims;',
      'fn thread(id: vec3u, groups: vec3u) -> u32 { return id.x + id.y * groups.x * WG; }',
      'no bias',
    ]);
  });

  it('loads half precision into f32 and rounds what it stores', () => {
    const text = shaderText(kernel, boundTensors(kernel, { ...given, bias: tensor('b') }), new Set([0, 1, 3]), {
      VEC: 0,
    });
    expect(text).toMatch(/^enable f16;\n/);
    expect(text).toContain('alias V = f32;');
    expect(text).toContain('var<storage, read> xMemory: array<f16>;\nfn x(i: u32) -> V { return f32(xMemory[i]); }');
    expect(text).toContain('fn bias(i: u32) -> f32 { return f32(biasMemory[i]); }');
    expect(text).toContain('fn setY(i: u32, value: V) { yMemory[i] = f16(value); }');
    expect(text.split('\n').at(-1)).toBe('bias');
  });

  it('refuses half precision of whole numbers, and a call without a tensor that must be there', () => {
    const bound = boundTensors(kernel, given);
    expect(() => shaderText(kernel, bound, new Set([1]), { VEC: 1 })).toThrow('at holds u32');
    expect(() => boundTensors(kernel, { x: tensor('x') })).toThrow('without its tensor at');
  });
});

it('uniforms lie in memory in the order of the declaration, in steps of 16 bytes', () => {
  const bytes = packUniforms(kernel, { factor: 0.5, size: 7 });
  expect(bytes.byteLength).toBe(16);
  expect(new Uint32Array(bytes)[0]).toBe(7);
  expect(new Float32Array(bytes)[1]).toBe(0.5);
  expect(packUniforms(kernelOf({ name: 'none', body: '', tensors: {} }), {}).byteLength).toBe(0);
});
