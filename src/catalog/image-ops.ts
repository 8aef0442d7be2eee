/**
 * The operations on one RGB uint8 image that tricks plan, data workers execute and `tricklab augment` names.
 * One schema gives the type, the check of what a person types, and the list in the command's help.
 * What a person may leave out has Pillow's default: nearest neighbour, black.
 */
import { z } from 'zod';

const level = z.number().min(0).max(255);
const rgb = z.tuple([level, level, level]).readonly();
const offset = z.number().int();
const side = z.number().int().min(1).max(8192);

/** Rectangle in pixels of the image as it is at that point. */
const rectangle = { x: offset, y: offset, width: side, height: side };

/** How pixels between pixels are found, and the colour (RGB) of what lies outside the image. */
const sampling = {
  resample: z.enum(['nearest', 'bilinear']).default('nearest'),
  fill: rgb.default([0, 0, 0]),
};

const factor = z.number().min(0).max(100);

const ops = [
  /** Crop, then resize to toWidth x toHeight: bilinear with antialiasing, as PIL's resize(box). */
  z.strictObject({ op: z.literal('resized-crop'), ...rectangle, toWidth: side, toHeight: side }),
  /** Crop without resizing; the rectangle may leave the image. */
  z.strictObject({ op: z.literal('crop'), ...rectangle, fill: rgb.default([0, 0, 0]) }),
  z.strictObject({ op: z.literal('flip') }),
  /** PIL ImageEnhance: 1 changes nothing. */
  z.strictObject({ op: z.literal('brightness'), factor }),
  z.strictObject({ op: z.literal('contrast'), factor }),
  z.strictObject({ op: z.literal('saturation'), factor }),
  z.strictObject({ op: z.literal('sharpness'), factor }),
  /** Shift in turns of the colour circle. */
  z.strictObject({ op: z.literal('hue'), shift: z.number().min(-0.5).max(0.5) }),
  z.strictObject({ op: z.literal('grayscale') }),
  /** Added to red, green and blue, levels of 255; the sum is clipped, then truncated. */
  z.strictObject({ op: z.literal('shift-rgb'), add: z.tuple([z.number(), z.number(), z.number()]).readonly() }),
  z.strictObject({ op: z.literal('autocontrast') }),
  z.strictObject({ op: z.literal('equalize') }),
  z.strictObject({ op: z.literal('invert') }),
  /** Keeps the highest bits. */
  z.strictObject({ op: z.literal('posterize'), bits: z.number().int().min(0).max(8) }),
  /** Inverts levels from the threshold on. */
  z.strictObject({ op: z.literal('solarize'), threshold: z.number().min(0).max(256) }),
  /** Adds to levels below 128. */
  z.strictObject({ op: z.literal('solarize-add'), add: z.number().int().min(0).max(255) }),
  /** Counter-clockwise about the centre. */
  z.strictObject({ op: z.literal('rotate'), degrees: z.number(), ...sampling }),
  /** Output pixel (x, y) comes from (x + factor * y, y), or (x, y + factor * x). */
  z.strictObject({ op: z.literal('shear-x'), factor: z.number().min(-10).max(10), ...sampling }),
  z.strictObject({ op: z.literal('shear-y'), factor: z.number().min(-10).max(10), ...sampling }),
  /** Output pixel (x, y) comes from (x + pixels, y), or (x, y + pixels). */
  z.strictObject({ op: z.literal('translate-x'), pixels: z.number().min(-8192).max(8192), ...sampling }),
  z.strictObject({ op: z.literal('translate-y'), pixels: z.number().min(-8192).max(8192), ...sampling }),
  /** torchvision's GaussianBlur with 23 taps; sigma in pixels. */
  z.strictObject({ op: z.literal('gaussian-blur'), sigma: z.number().min(0.01).max(20) }),
  /** Overwrites a rectangle with normal noise, levels of 255 clipped to [0, 255]; std 0 paints it. */
  z.strictObject({
    op: z.literal('erase'),
    ...rectangle,
    mean: z.tuple([z.number(), z.number(), z.number()]).readonly(),
    std: z.tuple([z.number(), z.number(), z.number()]).readonly(),
    seed: z.number().int().min(0).max(0xffffffff).default(0),
  }),
] as const;

export const imageOpSchema = z.discriminatedUnion('op', ops);

export type ImageOp = z.output<typeof imageOpSchema>;
export type Resample = z.output<typeof sampling.resample>;
export type Rgb = readonly [number, number, number];

/** Every operation with the names of what it takes, '?' after what may be left out: ['rotate degrees resample? fill?', ...]. */
export const imageOpNames: readonly string[] = ops.map(({ shape }) => {
  const { op, ...fields } = shape;
  const names = Object.entries(fields).map(
    ([name, schema]) => `${name}${schema.safeParse(undefined).success ? '?' : ''}`,
  );
  return [op.value, ...names].join(' ');
});

/**
 * The operations that a JSON value means: a list of objects such as {"op":"rotate","degrees":12}, or of bare names where an
 * operation takes nothing. Throws an Error for a person that names what is wrong.
 */
export function parseImageOps(value: unknown): ImageOp[] {
  if (!Array.isArray(value)) throw new Error('Operations are a list: [{"op":"rotate","degrees":12},"flip"].');
  return value.map((item: unknown, i) => {
    const given = typeof item === 'string' ? { op: item } : item;
    const { success, data, error } = imageOpSchema.safeParse(given);
    if (success) return data;
    const name = typeof given === 'object' && given !== null && 'op' in given ? String(given.op) : undefined;
    const takes = imageOpNames.find((words) => words.split(' ')[0] === name);
    if (!takes) throw new Error(`Operation ${i} has no known "op". There are: ${imageOpNames.join('; ')}.`);
    const wrong = error.issues.map(({ path, message }) => `${path.join('.') || name}: ${message}`).join(', ');
    throw new Error(`Operation ${i}, "${name}", is wrong (${wrong}). It is given as: ${takes}.`);
  });
}
