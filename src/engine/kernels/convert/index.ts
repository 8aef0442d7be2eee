/** Copies between tensors of different precision. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../../core/shape';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import { vectorsOf } from '../../ops/define';
import convertText from './convert.wgsl?raw';

const convertKernel = kernelOf({
  name: 'convert',
  body: convertText,
  tensors: { x: 'read V', y: 'write V' },
  uniforms: { size: 'u32' },
  constants: ['VEC'],
});

/** y = x, of equal sizes, each in the precision that it has. */
export function convert(gpu: Gpu, x: TensorInfo, y: TensorInfo): void {
  const { VEC, perRow } = vectorsOf(sizeOf(x.shape));
  gpu.dispatch(convertKernel, { tensors: { x, y }, uniforms: { size: perRow }, constants: { VEC }, threads: perRow });
}
