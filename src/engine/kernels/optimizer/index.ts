/**
 * One arena for all parameters: weights, gradients and momenta lie end to end in a few flat buffers, so that an update is one
 * dispatch whatever the number of layers.
 */
import * as tf from '@tensorflow/tfjs-core';
import { gpu } from '../../gpu/dispatch';
import { fullPrecision, type Precision } from '../../gpu/precision';
import type { Parameter } from '../../parameters';
import { convert } from '../convert';
import type { GradientPlaces } from '../register';
import accumulateText from './accumulate.wgsl?raw';
import scaleText from './scale.wgsl?raw';
import sgdText from './sgd.wgsl?raw';

export interface SgdOptions {
  momentum: number;
  nesterov: boolean;
  weightDecay: number;
  /** Weight decay on parameters with <= 1 dimension too. */
  decayVectors: boolean;
}

interface Place {
  parameter: Parameter;
  /** Bytes from the arena's start. */
  offset: number;
}

/** vec4, in bytes. */
const STEP = 16;
/** Parts of a buffer are bound at multiples of 256, by the default limits of WebGPU: those of a copy in half precision too. */
const ALIGNMENT = 512;

export class ParameterArena {
  private readonly places: Place[] = [];
  /** vec4 in all, and of those the first ones that decay. */
  private readonly size: number;
  private readonly decaying: number;
  private readonly weights: tf.Tensor;
  private readonly velocities: tf.Tensor;
  private readonly gradients: tf.Tensor;
  /** Gradients of one micro-batch, where several make an update. */
  private readonly fresh: tf.Tensor | undefined;
  /** Of the weights, in half precision. */
  private readonly halfWeights: tf.Tensor | undefined;
  /** Gradients that are parts of the arena. */
  private readonly settled = new WeakSet<tf.DataId>();
  /** float32 [1], written before each update. */
  readonly lr: tf.Tensor;
  /** float32 [2]: keep, weight; written before each micro-batch. */
  readonly share: tf.Tensor;

  /** Takes the parameters' present values and becomes their place. accumulating: an update may have several micro-batches. */
  constructor(
    parameters: readonly Parameter[],
    private readonly options: SgdOptions,
    accumulating: boolean,
    private readonly precision: Precision = fullPrecision,
  ) {
    const decays = ({ dimensions }: Parameter) => options.decayVectors || dimensions > 1;
    let offset = 0;
    const place = (some: readonly Parameter[]) => {
      for (const parameter of some) {
        this.places.push({ parameter, offset });
        offset += Math.ceil((4 * parameter.variable.size) / ALIGNMENT) * ALIGNMENT;
      }
      return offset / STEP;
    };
    this.decaying = place(parameters.filter(decays));
    this.size = place(parameters.filter((parameter) => !decays(parameter)));
    const flat = () => {
      const tensor = tf.engine().makeTensorFromTensorInfo(gpu().empty([4 * this.size]));
      gpu().clear(tensor);
      return tf.keep(tensor);
    };
    this.weights = flat();
    this.velocities = flat();
    this.gradients = flat();
    this.fresh = accumulating ? flat() : undefined;
    this.lr = tf.keep(tf.tensor1d([0]));
    this.share = tf.keep(tf.tensor1d([0, 1]));
    for (const { parameter, offset: toOffset } of this.places)
      gpu().copy(parameter.variable, this.weights, { toOffset });
    for (const { parameter, offset } of this.places) gpu().makePart(parameter.variable, this.weights, offset);
    if (precision.half) this.halfWeights = this.copyInHalf();
  }

  /** A copy of all weights in half precision, whose parts take the weights' place in steps that ask for it. */
  private copyInHalf(): tf.Tensor {
    const device = gpu();
    const whole = tf.keep(tf.engine().makeTensorFromTensorInfo(device.empty([4 * this.size])));
    device.halves.add(whole);
    convert(this.weights, whole);
    for (const { parameter, offset } of this.places) {
      const part = device.empty(parameter.variable.shape);
      device.halves.addCopy(parameter.variable, part);
      device.makePart(part, whole, offset / 2);
    }
    return whole;
  }

  /** Where the gradients of one backward pass go. */
  gradientPlaces(): GradientPlaces {
    const open = new Map(this.places.map((place) => [place.parameter.variable.dataId, place]));
    return {
      claim: (input) => {
        const place = open.get(input.dataId);
        if (!place) return undefined;
        open.delete(input.dataId);
        const gradient = gpu().empty(input.shape);
        gpu().makePart(gradient, this.fresh ?? this.gradients, place.offset);
        this.settled.add(gradient.dataId);
        return gradient;
      },
    };
  }

  /**
   * Copies the gradients, by parameter name, that are not in their places yet; adds them to the sum where micro-batches are
   * accumulated.
   */
  gather(gradients: Readonly<Record<string, tf.Tensor>>): void {
    const target = this.fresh ?? this.gradients;
    for (const { parameter, offset } of this.places) {
      const gradient = gradients[parameter.name];
      if (!gradient) throw new Error(`The parameter ${parameter.name} has no gradient.`);
      if (!this.settled.has(gradient.dataId)) gpu().copy(gradient, target, { toOffset: offset });
    }
    if (this.precision.lossScale !== 1) {
      gpu().dispatch({
        kernel: { name: 'unscale', text: scaleText, constants: {} },
        inputs: [],
        outputs: [target],
        u32: [this.size],
        f32: [1 / this.precision.lossScale],
        threads: this.size,
      });
    }
    if (!this.fresh) return;
    gpu().dispatch({
      kernel: { name: 'accumulate', text: accumulateText, constants: {} },
      inputs: [this.fresh, this.share],
      outputs: [this.gradients],
      u32: [this.size],
      threads: this.size,
    });
  }

  /** One update of all weights, in place. */
  update(): void {
    const { momentum, weightDecay, nesterov } = this.options;
    gpu().dispatch({
      kernel: { name: 'sgd', text: sgdText, constants: {} },
      inputs: [this.gradients, this.lr],
      outputs: [this.weights, this.velocities],
      u32: [this.size, this.decaying, Number(nesterov)],
      f32: [momentum, weightDecay],
      threads: this.size,
    });
    if (this.halfWeights) convert(this.weights, this.halfWeights);
  }

  /** The parameters have no values from then on. */
  dispose(): void {
    tf.dispose([this.weights, this.velocities, this.gradients, this.lr, this.share]);
    this.fresh?.dispose();
    this.halfWeights?.dispose();
  }
}
