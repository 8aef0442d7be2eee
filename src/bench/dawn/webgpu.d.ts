/** What is used of the optional npm package webgpu, for the types to be checked where it is not installed. */
declare module 'webgpu' {
  /** flags: `key=value`, of Dawn. */
  export function create(flags: string[]): GPU;
  /** GPUBufferUsage and the other globals of WebGPU. */
  export const globals: object;
}
