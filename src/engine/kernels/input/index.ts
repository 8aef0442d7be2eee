/** From bytes to the network's input, normalised and mixed in one dispatch. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Gpu } from '../../gpu/dispatch';
import { kernelOf } from '../../gpu/kernel';
import type { InputSettings } from '../../trainer';
import normalizeText from './normalize.wgsl?raw';

const inputKernel = kernelOf({
  name: 'input',
  body: normalizeText,
  tensors: { bytes: 'read u32', mix: 'read f32', y: 'write f32' },
  uniforms: {
    size: 'u32',
    count: 'u32',
    side: 'u32',
    scale0: 'f32',
    scale1: 'f32',
    scale2: 'f32',
    offset0: 'f32',
    offset1: 'f32',
    offset2: 'f32',
  },
});

/**
 * [count, size, size, 3]. bytes: the pixels as little-endian words, int32 [ceil(count * size * size * 3 / 4)]; mix [5]: lambda and the
 * box x0, y0, x1, y1 of trainer.ts's Mix.
 */
export function input(
  gpu: Gpu,
  bytes: TensorInfo,
  mix: TensorInfo,
  { count, size, mean, std }: InputSettings,
): TensorInfo {
  const y = gpu.activation([count, size, size, 3]);
  const threads = count * size * size * 3;
  const [scale0, scale1, scale2] = std.map((s) => 1 / (255 * s)) as [number, number, number];
  const [offset0, offset1, offset2] = mean.map((m, c) => -m / (std[c] as number)) as [number, number, number];
  gpu.dispatch(inputKernel, {
    tensors: { bytes, mix, y },
    uniforms: { size: threads, count, side: size, scale0, scale1, scale2, offset0, offset1, offset2 },
    constants: {},
    threads,
  });
  return y;
}
