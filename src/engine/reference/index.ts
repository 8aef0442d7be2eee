/** Runs ops by their references: plain tfjs ops, on every backend. Slow on WebGPU, and right. */
import * as tf from '@tensorflow/tfjs-core';
import { checkInputs, type Given, type Inputs, type Op } from '../ops/define';
import type { Engine } from '../trainer';

export const runReference = <I extends Inputs, A, O extends string, K extends string>(
  op: Op<I, A, O, K>,
  inputs: Given<I, tf.Tensor, tf.Variable>,
  attributes: A,
): Partial<Record<O, tf.Tensor>> => {
  checkInputs(op, inputs, attributes);
  return op.reference(tf, inputs, attributes);
};

export const referenceEngine: Engine = { name: 'reference', run: runReference };
