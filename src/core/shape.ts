/** Shapes of tensors: [batch, height, width, channels], [batch, tokens, channels], [batch, features], [features]. */

export type Shape = readonly number[];
/** [batch, height, width, channels]. */
export type ImageShape = readonly [number, number, number, number];

/** Numbers in a tensor. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, side) => product * side, 1);

/** The last axis: channels, features. */
export const lastOf = (shape: Shape): number => shape.at(-1) ?? 1;

/** The shape as that of a batch of images; throws if it has not four axes. */
export function imageShape(shape: Shape): ImageShape {
  if (shape.length !== 4) throw new Error(`An image of shape [${shape.join(', ')}] was expected to have four axes.`);
  return shape as unknown as ImageShape;
}
