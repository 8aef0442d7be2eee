/** What a recording consists of. */

/** Part of a buffer, in bytes. */
export interface Span {
  buffer: GPUBuffer;
  offset: number;
  size: number;
}

/** A dispatch that a recording holds. */
export interface RecordedDispatch {
  kind: 'dispatch';
  name: string;
  key: string;
  code: string;
  buffers: Span[];
  uniforms: GPUBuffer | undefined;
  workgroups: readonly [number, number];
}

export interface RecordedCopy {
  kind: 'copy';
  from: GPUBuffer;
  fromOffset: number;
  to: GPUBuffer;
  toOffset: number;
  size: number;
}

export type RecordedCommand = RecordedDispatch | RecordedCopy;
