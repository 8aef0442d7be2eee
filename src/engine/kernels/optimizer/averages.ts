/** A moving average of weights and running statistics: timm's ModelEmaV3, in one dispatch. */
import * as tf from '@tensorflow/tfjs-core';
import { type Averaging, averagingDecay } from '../../../core/optimizer';
import { gpu } from '../../gpu/dispatch';
import type { Parameter } from '../../parameters';
import averageText from './average.wgsl?raw';
import exchangeText from './exchange.wgsl?raw';
import { layOut, moveInto, zeros } from './flat';

/** Of a vec4. */
const BYTES = 16;

export class Averages {
  private readonly statistics: tf.Tensor;
  private readonly average: tf.Tensor;
  /** The share of the new values, first of four numbers. */
  private readonly weight = zeros(1);
  /** vec4 of weights and of all. */
  private readonly dims: [number, number];

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
    this.dims = [size, size + more];
  }

  /** Writes the decay of an update, counted from 1. */
  begin(update: number): void {
    gpu().write(this.weight, Float32Array.of(1 - averagingDecay(this.options, update)));
  }

  /** Moves the average towards what the weights and statistics are now. */
  update(): void {
    gpu().dispatch({
      kernel: { name: 'average', text: averageText, constants: {} },
      inputs: [this.weights, this.statistics, this.weight],
      outputs: [this.average],
      u32: this.dims,
      threads: this.dims[1],
    });
  }

  /** Puts the average in the place of the weights and statistics, and these in its place; again, and all is as it was. */
  exchange(): void {
    gpu().dispatch({
      kernel: { name: 'exchange', text: exchangeText, constants: {} },
      inputs: [],
      outputs: [this.weights, this.statistics, this.average],
      u32: this.dims,
      threads: this.dims[1],
    });
  }

  /** The running statistics have no values from then on. */
  dispose(): void {
    tf.dispose([this.statistics, this.average, this.weight]);
  }
}
