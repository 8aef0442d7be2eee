/** Rounds halves to the even neighbour, as Python's round() does: PyTorch's and timm's sizes and colours depend on it. */
export function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  return value - low === 0.5 ? low + (low % 2) : Math.round(value);
}
