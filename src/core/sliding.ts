/** Sliding windows, by PyTorch's rule: zeros on every side, and what does not fill a window at the end is left out. */

export interface SlidingWindow {
  kernel: number;
  stride: number;
  padding: number;
  /** The last window may hang over the end, but must start inside (PyTorch's ceil_mode). */
  ceil?: boolean;
}

/** Positions of a window along a side, in pixels; 0 or less if it does not fit. */
export function windowsAlong(side: number, { kernel, stride, padding, ceil = false }: SlidingWindow): number {
  const span = side + 2 * padding - kernel;
  if (!ceil) return Math.floor(span / stride) + 1;
  const count = Math.ceil(span / stride) + 1;
  return (count - 1) * stride >= side + padding ? count - 1 : count;
}

/** Rows and columns of windows over a map; throws, in words, if none fits. */
export function slide(height: number, width: number, sliding: SlidingWindow): [number, number] {
  const rows = windowsAlong(height, sliding);
  const columns = windowsAlong(width, sliding);
  if (rows < 1 || columns < 1)
    throw new Error(
      `A map of ${height} x ${width} is too small for a window of ${sliding.kernel}: choose larger images.`,
    );
  return [rows, columns];
}
