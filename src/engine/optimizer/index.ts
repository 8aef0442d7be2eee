/**
 * One arena for all parameters: weights, gradients, moments and averages lie end to end in a few flat buffers, so that an update
 * is a handful of dispatches whatever the number of layers.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type OptimizerPlan, ruleFacts } from '../../core/optimizer';
import type { GradientPlaces } from '../fused';
import { gpu } from '../gpu/dispatch';
import { kernelOf } from '../gpu/kernel';
import { fullPrecision, type Precision } from '../gpu/precision';
import { convert } from '../kernels/convert';
import type { Parameter, Parameters } from '../parameters';
import accumulateText from './accumulate.wgsl?raw';
import { Averages } from './averages';
import { clipFactor } from './clipping';
import { layOut, moveInto, type Place, zeros } from './flat';
import { definitionOf } from './rules';
import type { Rule } from './rules/define';
import scaleText from './scale.wgsl?raw';

const unscaleKernel = kernelOf({
  name: 'unscale',
  body: scaleText,
  tensors: { y: 'write vec4f' },
  uniforms: { size: 'u32', factor: 'f32' },
});

const accumulateKernel = kernelOf({
  name: 'accumulate',
  body: accumulateText,
  tensors: { g: 'read vec4f', share: 'read f32', sum: 'write vec4f' },
  uniforms: { size: 'u32' },
});

export class ParameterArena {
  private readonly places: readonly Place[];
  /** vec4 in all. */
  private readonly size: number;
  private readonly weights: tf.Tensor;
  private readonly gradients: tf.Tensor;
  /** Gradients of one micro-batch, where several make an update. */
  private readonly fresh: tf.Tensor | undefined;
  /** Of the weights, in half precision. */
  private readonly halfWeights: tf.Tensor | undefined;
  private readonly rule: Rule;
  private readonly weightDecay: number;
  private readonly averages: Averages | undefined;
  private readonly clipNorm: number | undefined;
  /** Gradients that are parts of the arena. */
  private readonly settled = new WeakSet<tf.DataId>();
  /** Updates begun. */
  private updates = 0;
  /** float32 [2]: keep, weight; written before each micro-batch. */
  readonly share: tf.Tensor;

  /** Takes the parameters' present values and becomes their place. accumulating: an update may have several micro-batches. */
  constructor(
    parameters: Pick<Parameters, 'trainable' | 'buffers'>,
    plan: OptimizerPlan,
    accumulating: boolean,
    private readonly precision: Precision = fullPrecision,
  ) {
    const decays = ({ dimensions }: Parameter) =>
      dimensions > 1 || (plan.decayVectors && !ruleFacts[plan.rule.kind].sparesVectors);
    const all = parameters.trainable();
    const first = all.filter(decays);
    const { places, size } = layOut([...first, ...all.filter((parameter) => !decays(parameter))]);
    this.places = places;
    this.size = size;
    this.weights = zeros(size);
    this.gradients = zeros(size);
    this.fresh = accumulating ? zeros(size) : undefined;
    this.share = tf.keep(tf.tensor1d([0, 1]));
    this.clipNorm = plan.clipNorm;
    moveInto(this.weights, places);
    this.weightDecay = plan.weightDecay;
    this.rule = definitionOf(plan.rule).fused(plan.rule, plan.weightDecay > 0, {
      size,
      decaying: layOut(first).size,
      decayingPlaces: places.slice(0, first.length),
      weights: this.weights,
      gradients: this.gradients,
    });
    this.averages = plan.averaging && new Averages(this.weights, size, parameters.buffers(), plan.averaging);
    if (precision.half) this.halfWeights = this.copyInHalf();
  }

  /** A copy of all weights in half precision, whose parts take the weights' place in steps that ask for it. */
  private copyInHalf(): tf.Tensor {
    const device = gpu();
    const whole = tf.keep(tf.engine().makeTensorFromTensorInfo(device.empty([4 * this.size])));
    device.halves.add(whole);
    convert(device, this.weights, whole);
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
      gpu().dispatch(unscaleKernel, {
        tensors: { y: target },
        uniforms: { size: this.size, factor: 1 / this.precision.lossScale },
        constants: {},
        threads: this.size,
      });
    }
    if (!this.fresh) return;
    gpu().dispatch(accumulateKernel, {
      tensors: { g: this.fresh, share: this.share, sum: this.gradients },
      uniforms: { size: this.size },
      constants: {},
      threads: this.size,
    });
  }

  /** Writes what an update reads; call before each. weightDecay: where it is not the plan's. */
  begin(lr: number, weightDecay = this.weightDecay): void {
    this.updates++;
    this.rule.begin({ lr, weightDecay, update: this.updates });
    this.averages?.begin(this.updates);
  }

  /** One update of all weights, and of their average, in place. */
  update(): void {
    const clip = this.clipNorm === undefined ? undefined : clipFactor(this.gradients, this.size, this.clipNorm);
    this.rule.update(clip);
    if (clip) gpu().release(clip);
    if (this.halfWeights) convert(gpu(), this.weights, this.halfWeights);
    this.averages?.update();
  }

  /** Exchanges the weights and running statistics with their average; throws where none is kept. */
  exchangeAverages(): void {
    if (!this.averages) throw new Error('This run keeps no average of its weights.');
    this.averages.exchange();
  }

  /** The parameters have no values from then on. */
  dispose(): void {
    tf.dispose([this.weights, this.gradients, this.share]);
    this.fresh?.dispose();
    this.halfWeights?.dispose();
    this.rule.dispose();
    this.averages?.dispose();
  }
}
