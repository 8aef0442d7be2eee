/**
 * A kernel declared once: its tensors, its uniforms by name, and the body of its shader. From the declaration come the shader's
 * head, the order in which a dispatch binds, half precision, and the types of a call. A body sees
 *
 *     x(i), setY(i, value)     an element of a tensor, read and written in the type of the declaration, whatever lies in memory
 *     dims.size                a uniform
 *     V, X, O                  vec4f where the constant VEC, X_VEC or O_VEC is set, else f32
 *     #if HAS_BIAS             whether an optional tensor (`?`) was given
 *     thread(id, groups), WG   number of a thread, threads of a workgroup
 */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Constants, expand, WORKGROUP } from './wgsl';

type Element = 'f32' | 'vec2f' | 'vec4f' | 'i32' | 'u32' | 'vec2u' | 'V' | 'X' | 'O';

/** `write` may read as well. */
export type TensorSpec = `${'read' | 'write'} ${Element}${'' | '?'}`;
export type UniformType = 'u32' | 'f32';

type TensorSpecs = Readonly<Record<string, TensorSpec>>;
type UniformSpecs = Readonly<Record<string, UniformType>>;

type OptionalNames<T> = { [N in keyof T]: T[N] extends `${string}?` ? N : never }[keyof T];

type Tensors<T> = { [N in Exclude<keyof T, OptionalNames<T>>]: TensorInfo } & {
  [N in OptionalNames<T>]?: TensorInfo | undefined;
};

export interface Kernel<
  T extends TensorSpecs = TensorSpecs,
  U extends UniformSpecs = UniformSpecs,
  C extends string = string,
> {
  /** Of its family, for counters and messages. Different kernels have different names. */
  name: string;
  /** WGSL with the lines of its own that wgsl.ts expands. */
  body: string;
  /** In the order of their bindings. */
  tensors: T;
  uniforms: U;
  /** What the body is compiled with: numbers that `#if`, `#for` and WGSL's own constants read. */
  constants: readonly C[];
}

export interface Call<T extends TensorSpecs, U extends UniformSpecs, C extends string> {
  tensors: Tensors<T>;
  uniforms: Readonly<Record<keyof U, number>>;
  constants: Readonly<Record<C, number>>;
  /** Threads that have work; the rest of the last workgroup must return. */
  threads: number;
}

/** Declares a kernel; its types are those of the words. */
export function kernelOf<
  const T extends TensorSpecs,
  const U extends UniformSpecs = Record<never, UniformType>,
  const C extends string = never,
>(declaration: { name: string; body: string; tensors: T; uniforms?: U; constants?: readonly C[] }): Kernel<T, U, C> {
  return { uniforms: {} as U, constants: [], ...declaration };
}

/** A tensor at its binding. */
export interface Bound {
  name: string;
  spec: TensorSpec;
  tensor: TensorInfo;
}

/** The tensors that a call binds, in order. */
export function boundTensors({ tensors }: Kernel, given: Readonly<Record<string, TensorInfo | undefined>>): Bound[] {
  const bound: Bound[] = [];
  for (const [name, spec] of Object.entries(tensors)) {
    const tensor = given[name];
    if (tensor) bound.push({ name, spec, tensor });
    else if (!spec.endsWith('?')) throw new Error(`A kernel was called without its tensor ${name}.`);
  }
  return bound;
}

export const writes = (spec: TensorSpec): boolean => spec.startsWith('write');

/** The uniforms as they lie in memory, in whole steps of 16 bytes. */
export function packUniforms({ uniforms }: Kernel, values: Readonly<Record<string, number>>): ArrayBuffer {
  const types = Object.entries(uniforms);
  const view = new DataView(new ArrayBuffer(Math.ceil(types.length / 4) * 16));
  for (const [i, [name, type]] of types.entries()) {
    const value = values[name] as number;
    if (type === 'u32') view.setUint32(4 * i, value, true);
    else view.setFloat32(4 * i, value, true);
  }
  return view.buffer;
}

/** runningMean -> RUNNING_MEAN. */
const upper = (name: string) => name.replaceAll(/[A-Z]/g, '_$&').toUpperCase();

const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

const elementOf = (spec: TensorSpec) => spec.split(' ')[1]?.replace('?', '') as Element;

/** Constant that widens a type of the declaration. */
const wideners: Partial<Record<Element, string>> = { V: 'VEC', X: 'X_VEC', O: 'O_VEC' };

/** In memory, of types that may lie there in half precision. */
const halves: Readonly<Record<string, string>> = { f32: 'f16', vec2f: 'vec2h', vec4f: 'vec4h' };

/** Binding and accessors of a tensor. */
function accessors({ name, spec }: Omit<Bound, 'tensor'>, binding: number, type: string, half: boolean): string[] {
  const element = elementOf(spec);
  const stored = half ? halves[type] : type;
  if (!stored) throw new Error(`A kernel's ${name} holds ${type}, which has no half precision.`);
  const memory = `${name}Memory`;
  const lines = [
    `@group(0) @binding(${binding}) var<storage, ${writes(spec) ? 'read_write' : 'read'}> ${memory}: array<${stored}>;`,
    `fn ${name}(i: u32) -> ${element} { return ${half ? `${type}(${memory}[i])` : `${memory}[i]`}; }`,
  ];
  const value = half ? `${stored}(value)` : 'value';
  if (writes(spec)) lines.push(`fn set${capital(name)}(i: u32, value: ${element}) { ${memory}[i] = ${value}; }`);
  return lines;
}

/**
 * The whole WGSL of a kernel. bound: its tensors in order; half: the numbers of those that lie in memory as f16, each rounded when
 * it is stored, so that every sum is one of f32; the device needs the feature shader-f16 if there are any.
 */
export function shaderText(
  kernel: Kernel,
  bound: readonly Omit<Bound, 'tensor'>[],
  half: ReadonlySet<number>,
  constants: Constants,
): string {
  const uniforms = Object.entries(kernel.uniforms);
  const present = Object.entries(kernel.tensors).flatMap(([name, spec]) =>
    spec.endsWith('?') ? [[`HAS_${upper(name)}`, Number(bound.some((tensor) => tensor.name === name))] as const] : [],
  );
  const aliases = new Map<string, string>();
  const typeOf = (element: Element) => {
    const widener = wideners[element];
    if (!widener) return element;
    const type = constants[widener] ? 'vec4f' : 'f32';
    aliases.set(element, type);
    return type;
  };
  const tensors = bound.flatMap((tensor, binding) =>
    accessors(tensor, binding, typeOf(elementOf(tensor.spec)), half.has(binding)),
  );
  const fields = uniforms.map(([name, type]) => `${name}: ${type}`).join(', ');
  return [
    ...(half.size > 0 ? ['enable f16;'] : []),
    `const WG = ${WORKGROUP}u;`,
    ...Object.entries(constants).map(([name, value]) => `const ${name} = ${value}u;`),
    ...Array.from(aliases, ([name, type]) => `alias ${name} = ${type};`),
    ...tensors,
    ...(uniforms.length > 0
      ? [`struct Dims { ${fields} }`, `@group(0) @binding(${bound.length}) var<uniform> dims: Dims;`]
      : []),
    // Workgroups past the 65,535th lie along a second axis.
    'fn thread(id: vec3u, groups: vec3u) -> u32 { return id.x + id.y * groups.x * WG; }',
    expand(kernel.body, { ...constants, ...Object.fromEntries(present) }),
  ].join('\n');
}
