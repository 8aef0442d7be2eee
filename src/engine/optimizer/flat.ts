/** Parameters end to end in flat buffers: who lies where. */
import * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../gpu/dispatch';
import type { Parameter } from '../parameters';

export interface Place {
  parameter: Parameter;
  /** Bytes from the buffer's start. */
  offset: number;
}

/** vec4, in bytes. */
const STEP = 16;
/** Parts of a buffer are bound at multiples of 256, by the default limits of WebGPU: those of a copy in half precision too. */
const ALIGNMENT = 512;
/** vec4 in the shortest part: a parameter never shares a block with another one. */
export const BLOCK = ALIGNMENT / STEP;

/** The places of parameters in their order, and the vec4 that they take in all, padding included. */
export function layOut(parameters: readonly Parameter[]): { places: Place[]; size: number } {
  let offset = 0;
  const places = parameters.map((parameter) => {
    const place = { parameter, offset };
    offset += Math.ceil((4 * parameter.variable.size) / ALIGNMENT) * ALIGNMENT;
    return place;
  });
  return { places, size: offset / STEP };
}

/** First block and number of blocks of a place. */
export const blocksOf = ({ parameter, offset }: Place): [number, number] => [
  offset / ALIGNMENT,
  Math.ceil((4 * parameter.variable.size) / ALIGNMENT),
];

/** A kept tensor that lies on the GPU, its own from the start: not made by whatever recording reads it first. */
function lasting(size: number, dtype: 'float32' | 'int32'): tf.Tensor {
  return tf.keep(tf.engine().makeTensorFromTensorInfo(gpu().empty([size], dtype)));
}

/** Zeros for a number of vec4. */
export function zeros(size: number): tf.Tensor {
  // Nothing is bound without a byte.
  const tensor = lasting(4 * Math.max(1, size), 'float32');
  gpu().clear(tensor);
  return tensor;
}

/** Whole numbers that kernels look up. */
export function table(values: readonly number[]): tf.Tensor {
  const tensor = lasting(values.length, 'int32');
  gpu().write(tensor, Int32Array.from(values));
  return tensor;
}

/** The tensor takes the place of what each parameter had, with its values. */
export function moveInto(flat: tf.Tensor, places: readonly Place[]): void {
  for (const { parameter, offset } of places) gpu().copy(parameter.variable, flat, { toOffset: offset });
  for (const { parameter, offset } of places) gpu().makePart(parameter.variable, flat, offset);
}
