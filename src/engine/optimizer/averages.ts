/** A moving average of weights and running statistics: timm's ModelEmaV3, in one dispatch. */
import * as tf from '@tensorflow/tfjs-core';
import { type Averaging, averagingDecay } from '../../core/optimizer';
import { gpu } from '../gpu/dispatch';
import { kernelOf } from '../gpu/kernel';
import type { Parameter } from '../parameters';
import averageText from './average.wgsl?raw';
import exchangeText from './exchange.wgsl?raw';
import { layOut, moveInto, zeros } from './flat';

const averageKernel = kernelOf({
  name: 'average',
  body: averageText,
  tensors: { w: 'read vec4f', statistics: 'read vec4f', weight: 'read f32', e: 'write vec4f' },
  uniforms: { weights: 'u32', size: 'u32' },
});

const exchangeKernel = kernelOf({
  name: 'exchange',
  body: exchangeText,
  tensors: { w: 'write vec4f', statistics: 'write vec4f', e: 'write vec4f' },
  uniforms: { weights: 'u32', size: 'u32' },
});

/** Of a vec4. */
const BYTES = 16;

export class Averages {
  private readonly statistics: tf.Tensor;
  private readonly average: tf.Tensor;
  /** The share of the new values, first of four numbers. */
  private readonly weight = zeros(1);
  /** vec4 of weights and of all. */
  private readonly sizes: { weights: number; size: number };

  /** weights: the arena's, `size` vec4. buffers: running statistics, for which this becomes their place. */
  constructor(
    private readonly weights: tf.Tensor,
    size: number,
    buffers: readonly Parameter[],
    private readonly options: Averaging,
  ) {
    const { places, size: more } = layOut(buffers);
    this.statistics = zeros(more);
    moveInto(this.statistics, places);
    this.average = zeros(size + more);
    gpu().copy(weights, this.average);
    if (more > 0) gpu().copy(this.statistics, this.average, { toOffset: BYTES * size });
    this.sizes = { weights: size, size: size + more };
  }

  /** Writes the decay of an update, counted from 1. */
  begin(update: number): void {
    gpu().write(this.weight, Float32Array.of(1 - averagingDecay(this.options, update)));
  }

  /** Moves the average towards what the weights and statistics are now. */
  update(): void {
    gpu().dispatch(averageKernel, {
      tensors: { w: this.weights, statistics: this.statistics, weight: this.weight, e: this.average },
      uniforms: this.sizes,
      constants: {},
      threads: this.sizes.size,
    });
  }

  /** Puts the average in the place of the weights and statistics, and these in its place; again, and all is as it was. */
  exchange(): void {
    gpu().dispatch(exchangeKernel, {
      tensors: { w: this.weights, statistics: this.statistics, e: this.average },
      uniforms: this.sizes,
      constants: {},
      threads: this.sizes.size,
    });
  }

  /** The running statistics have no values from then on. */
  dispose(): void {
    tf.dispose([this.statistics, this.average, this.weight]);
  }
}
