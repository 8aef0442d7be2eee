/**
 * What lies in memory as f16: activations and their gradients in a step that asks for it, and copies of the weights. To tfjs these
 * tensors are float32; only our kernels may read them, whose heads read and write them as f32 (kernel.ts).
 */
import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';

/** How a step stores what lies between its layers. */
export interface Precision {
  /** Activations and their gradients as f16; needs the feature shader-f16. */
  half: boolean;
  /** Factor on the gradient of the loss, so that small gradients are no zeros in f16; whoever gathers the gradients divides by it. */
  lossScale: number;
}

export const fullPrecision: Precision = { half: false, lossScale: 1 };

export class HalfStorage {
  private readonly halves = new WeakSet<DataId>();
  /** By the weights that they are copies of. */
  private readonly copies = new WeakMap<DataId, TensorInfo>();
  private current: Precision = fullPrecision;

  /** Of the step that is being made. */
  get precision(): Precision {
    return this.current;
  }

  /** Runs fn, whose activations have this precision. */
  within<T>(precision: Precision, fn: () => T): T {
    const before = this.current;
    this.current = precision;
    try {
      return fn();
    } finally {
      this.current = before;
    }
  }

  has({ dataId }: TensorInfo): boolean {
    return this.halves.has(dataId);
  }

  /** Says that a tensor, which has no values yet, is to be stored as f16. */
  add({ dataId }: TensorInfo): void {
    this.halves.add(dataId);
  }

  /** Makes a tensor the copy of weights that kernels read where the step asks for half precision. */
  addCopy(weights: TensorInfo, copy: TensorInfo): void {
    this.add(copy);
    this.copies.set(weights.dataId, copy);
  }

  /** The weights as the step wants to read them: themselves, or their copy in half precision if there is one. */
  asRead(weights: TensorInfo): TensorInfo {
    const copy = this.current.half ? this.copies.get(weights.dataId) : undefined;
    return copy ? { ...copy, shape: weights.shape } : weights;
  }
}
