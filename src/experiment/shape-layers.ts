/**
 * The tensor layer over shapes alone: runs a model's own code without a tensor and counts what it would hold and do, by what each
 * op says of its shapes and costs.
 */
import { storedShape } from '../core/parameter';
import { type Shape, sizeOf } from '../core/shape';
import { type Layers, layersOver } from '../engine/ops';
import type { Context } from '../engine/ops/define';

export interface Counts {
  /** PyTorch's shapes of the trainable tensors, each name once. */
  parameters: Map<string, Shape>;
  /** Shapes of what is not trained, running statistics, each name once. */
  buffers: Map<string, Shape>;
  /** Multiply-adds of convolutions and linear layers, one forward pass. */
  macs: number;
  /** Multiply-adds of q k^T and of its product with v. */
  attentionMacs: number;
  /** Numbers in all outputs that a backward pass reads again. */
  saved: number;
  /** Numbers in the largest single output. */
  largest: number;
}

/** A counting tensor layer in training mode, and its counts so far. Throws where a real layer would. */
export function countingLayers(): { nn: Layers<Shape>; counts: Counts } {
  const counts: Counts = { parameters: new Map(), buffers: new Map(), macs: 0, attentionMacs: 0, saved: 0, largest: 0 };
  const context: Context<Shape> = {
    shape: (x) => [...x],
    training: true,
    seed: 0,
    normGroups: 1,
    microBatch: () => [1],
    parameter(name, spec) {
      counts.parameters.set(name, spec.shape);
      return storedShape(spec);
    },
    state(name, shape) {
      counts.buffers.set(name, shape);
      return shape;
    },
    reshape(x, shape) {
      if (sizeOf(x) !== sizeOf(shape))
        throw new Error(`[${x.join(', ')}] cannot take the shape [${shape.join(', ')}].`);
      return shape;
    },
    apply(op, inputs, attributes) {
      const output = op.shape(inputs, attributes);
      const size = sizeOf(output);
      const { macs = 0, attentionMacs = 0, saved = size, largest = size } = op.cost?.(inputs, attributes) ?? {};
      counts.macs += macs;
      counts.attentionMacs += attentionMacs;
      counts.saved += saved;
      counts.largest = Math.max(counts.largest, largest);
      return output;
    },
  };
  return { nn: layersOver(context), counts };
}
