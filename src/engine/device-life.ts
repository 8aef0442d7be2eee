/** Whether the device still computes. A lost one is often said to be lost later than what it breaks, or gives zeros for results. */
import type { MathBackendWebGL } from '@tensorflow/tfjs-backend-webgl';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';

/** What a person is told: the browser's own reasons are a machine's. */
export const DEVICE_LOST = 'The GPU was lost: its driver or its process crashed, or it was taken from the page.';

/** The context that WebGL computes in; undefined on the other backends. */
export const webGlContext = (): WebGL2RenderingContext | undefined =>
  tf.getBackend() === 'webgl'
    ? ((tf.backend() as MathBackendWebGL).getGPGPUContext().gl as WebGL2RenderingContext)
    : undefined;

/** False once the device computes nothing more, whether or not the browser has said so; true where none is open yet. */
export async function deviceLives(): Promise<boolean> {
  if (tf.getBackend() !== 'webgpu') return !webGlContext()?.isContextLost();
  const probe = (tf.backend() as WebGPUBackend).device.createBuffer({
    size: 4,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  try {
    await probe.mapAsync(GPUMapMode.READ);
    return true;
  } catch {
    return false;
  } finally {
    probe.destroy();
  }
}

/** Throws if WebGL has lost its context or met an error: what was read since is zeros. Nothing to do on the other backends. */
export function refuseBrokenWebGl(): void {
  const gl = webGlContext();
  if (!gl) return;
  if (gl.isContextLost()) throw new Error(DEVICE_LOST);
  const code = gl.getError();
  if (code === gl.NO_ERROR) return;
  const reason = code === gl.OUT_OF_MEMORY ? 'its memory is full' : `code ${code}`;
  throw new Error(`WebGL reported an error (${reason}), so the numbers since then can't be trusted.`);
}
