/**
 * The weights of one network, keyed by PyTorch state-dict names (timm's). Tensors are stored as tfjs kernels want them and
 * leave and enter as PyTorch has them, so that weights move both ways without a table.
 */
import * as tf from '@tensorflow/tfjs-core';
import { listNames } from '../core/names';
import { type Init, type Layout, layoutOrders, type ParameterSpec } from '../core/parameter';
import { type Rng, rng } from '../core/rng';
import type { NamedArray } from '../core/safetensors';
import { type Shape, sizeOf } from '../core/shape';
import { gpu } from './gpu/dispatch';

export interface Parameter {
  /** State-dict name. */
  name: string;
  variable: tf.Variable;
  /** Number of dimensions in PyTorch; weight decay usually skips 1 and less. */
  dimensions: number;
}

export interface Parameters {
  /** The trainable parameter of a name; made on first use, with values drawn from (seed, name) only. */
  get(name: string, spec: ParameterSpec): tf.Variable;
  /** State that is not trained (running statistics), filled with a value on first use. */
  buffer(name: string, shape: Shape, fill: number): tf.Variable;
  /** In order of first use. */
  trainable(): Parameter[];
  buffers(): Parameter[];
  /** Trainable scalars. */
  count(): number;
  /**
   * Overwrites all parameters and buffers; they must exist (run the model once before). num_batches_tracked is ignored.
   * Throws, changing nothing, with every unknown name, missing name and wrong shape named. `missing: 'keep'` leaves what
   * the source lacks as it is, for a backbone under a new head.
   */
  load(source: ReadonlyMap<string, NamedArray>, options?: { missing?: 'fail' | 'keep' }): void;
  /** All parameters and buffers in PyTorch's layout, in order of first use. */
  dump(): Promise<Map<string, NamedArray>>;
  dispose(): void;
}

/** Reorders axes: axis i of the result is axis order[i] of the source. */
function permute({ shape, data }: NamedArray, order: readonly number[]): NamedArray {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const to = order.map((axis) => shape[axis] as number);
  const steps = order.map((axis) => strides[axis] as number);
  const result = new Float32Array(data.length);
  const index = new Array<number>(to.length).fill(0);
  const last = to.length - 1;
  const width = to[last] as number;
  const step = steps[last] as number;
  let from = 0;
  for (let at = 0; at < result.length; at += width) {
    for (let i = 0; i < width; i++) result[at + i] = data[from + i * step] as number;
    for (let axis = last - 1; axis >= 0; axis--) {
      from += steps[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (to[axis] as number)) break;
      from -= (steps[axis] as number) * (to[axis] as number);
      index[axis] = 0;
    }
  }
  return { shape: to, data: result };
}

const toStored = (array: NamedArray, layout: Layout) =>
  layout === 'plain' ? array : permute(array, layoutOrders[layout]);

function toPyTorch(array: NamedArray, layout: Layout): NamedArray {
  if (layout === 'plain') return array;
  const order = layoutOrders[layout];
  return permute(
    array,
    order.map((_, axis) => order.indexOf(axis)),
  );
}

/** Normal(0, std) by Box-Muller with both of its values: ResNet-50 has 25 million to draw. */
function fillNormal(data: Float32Array, random: Rng, std: number): void {
  for (let i = 0; i < data.length; i += 2) {
    const radius = std * Math.sqrt(-2 * Math.log(1 - random.uniform()));
    const angle = 2 * Math.PI * random.uniform();
    data[i] = radius * Math.cos(angle);
    // Past the end of an odd length this writes nothing.
    data[i + 1] = radius * Math.sin(angle);
  }
}

/** Initial values in PyTorch's order, so that the stored layout has no part in them. */
function draw(seed: number, name: string, shape: Shape, init: Init): Float32Array {
  const data = new Float32Array(sizeOf(shape));
  const random = rng(seed, `init/${name}`);
  switch (init.kind) {
    case 'zeros':
      return data;
    case 'ones':
      return data.fill(1);
    case 'constant':
      return data.fill(init.value);
    case 'uniform':
      for (let i = 0; i < data.length; i++) data[i] = random.uniform(-init.bound, init.bound);
      return data;
    case 'normal':
      fillNormal(data, random, init.std);
      return data;
    case 'truncated-normal':
      for (let i = 0; i < data.length; i++) {
        let value = random.normal(0, init.std);
        while (Math.abs(value) > 2) value = random.normal(0, init.std);
        data[i] = value;
      }
      return data;
    case 'kaiming-normal-fan-out': {
      const [out = 1, , kh = 1, kw = 1] = shape;
      fillNormal(data, random, Math.sqrt(2 / (out * kh * kw)));
      return data;
    }
    default:
      init satisfies never;
      return data;
  }
}

interface Entry extends Parameter {
  shape: Shape;
  layout: Layout;
}

/** An empty store; parameters appear when a model runs over it. */
export function createParameters(seed: number): Parameters {
  const entries = new Map<string, Entry>();

  const add = (name: string, shape: Shape, layout: Layout, trainable: boolean, values: () => Float32Array) => {
    const known = entries.get(name);
    if (known) {
      if (known.shape.join() !== shape.join()) {
        throw new Error(`Parameter ${name} is used with shapes [${known.shape}] and [${shape}].`);
      }
      return known.variable;
    }
    const stored = toStored({ shape: [...shape], data: values() }, layout);
    const initial = tf.tensor(stored.data, stored.shape, 'float32');
    const variable = tf.variable(initial, trainable);
    initial.dispose();
    entries.set(name, { name, variable, dimensions: shape.length, shape, layout });
    return variable;
  };

  const all = () => [...entries.values()];

  return {
    get: (name, { shape, layout, init }) => add(name, shape, layout, true, () => draw(seed, name, shape, init)),
    buffer: (name, shape, fill) => add(name, shape, 'plain', false, () => new Float32Array(sizeOf(shape)).fill(fill)),
    trainable: () => all().filter((entry) => entry.variable.trainable),
    buffers: () => all().filter((entry) => !entry.variable.trainable),
    count: () => all().reduce((sum, entry) => sum + (entry.variable.trainable ? entry.variable.size : 0), 0),

    load(source, { missing = 'fail' } = {}) {
      const unknown = [...source.keys()].filter((name) => !entries.has(name) && !name.endsWith('num_batches_tracked'));
      const absent = all()
        .map((entry) => entry.name)
        .filter((name) => !source.has(name));
      const misshapen = all().flatMap(({ name, shape }) => {
        const given = source.get(name);
        return given && (given.shape.join() !== shape.join() || given.data.length !== sizeOf(shape))
          ? [`${name} ([${given.shape}] instead of [${shape}])`]
          : [];
      });
      const problems = [
        ...(unknown.length ? [`the model has no ${listNames(unknown)}`] : []),
        ...(absent.length && missing === 'fail' ? [`missing are ${listNames(absent)}`] : []),
        ...(misshapen.length ? [`wrong shape: ${listNames(misshapen)}`] : []),
      ];
      if (problems.length) throw new Error(`These weights do not fit the model: ${problems.join('; ')}.`);
      for (const { name, variable, layout } of all()) {
        const given = source.get(name);
        if (!given) continue;
        const stored = toStored(given, layout);
        tf.tidy(() => variable.assign(tf.tensor(stored.data, stored.shape, 'float32')));
      }
    },

    async dump() {
      const result = new Map<string, NamedArray>();
      for (const { name, variable, layout } of all()) {
        // tfjs would keep what it reads beside the tensor, where an update in place does not reach it.
        const data =
          tf.getBackend() === 'webgpu' ? await gpu().read(variable) : Float32Array.from(await variable.data());
        result.set(name, toPyTorch({ shape: variable.shape, data }, layout));
      }
      return result;
    },

    dispose() {
      for (const { variable } of all()) variable.dispose();
      entries.clear();
    },
  };
}
