import { expect, test } from 'vitest';
import { withHalfStorage } from '../../../src/engine/gpu/half';

const shader = `// y[i] is the sum of x[i] and more; a comment keeps nobody from reading on
alias V = vec4f;
@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> at: array<u32>;
@group(0) @binding(2 + BIAS) var<storage, read_write> y: array<V>;
fn main() {
  let x0 = x[at[i] + 1u];
  if (x[i].x == y[i].x) { return; }
  y[i] = select(x[i], V(), y[at[0]] > V());
  y[i + 1u] += x0 * x[i].yxzw;
}`;

test('a shader over half precision loads into f32 and rounds what it stores', () => {
  const code = withHalfStorage(shader, new Set([0, 3]), { BIAS: 1 });
  expect(code.split('\n')).toEqual([
    'enable f16;',
    '',
    'alias V = vec4f;',
    '@group(0) @binding(0) var<storage, read> x: array<vec4h>;',
    '@group(0) @binding(1) var<storage, read> at: array<u32>;',
    '@group(0) @binding(2 + BIAS) var<storage, read_write> y: array<vec4h>;',
    'fn main() {',
    '  let x0 = V(x[at[i] + 1u]);',
    '  if (V(x[i]).x == V(y[i]).x) { return; }',
    '  y[i] = vec4h(( select(V(x[i]), V(), V(y[at[0]]) > V())));',
    '  y[i + 1u] = vec4h(V(y[i + 1u]) + ( x0 * V(x[i]).yxzw));',
    '}',
  ]);
});

test('without such tensors the text stays as it is', () => {
  expect(withHalfStorage(shader, new Set(), { BIAS: 1 })).toBe(shader);
});

test('whole numbers have no half precision, and every binding must be found', () => {
  expect(() => withHalfStorage(shader, new Set([1]), { BIAS: 0 })).toThrow('at holds u32');
  expect(() => withHalfStorage(shader, new Set([5]), { BIAS: 0 })).toThrow('bound to no array');
});
