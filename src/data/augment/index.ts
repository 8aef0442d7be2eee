/** Executes image operations; which ones is planned by the catalog's tricks. */
import type { ImageOp } from '../../catalog/define';
import { roundHalfEven } from '../../core/rounding';
import type { RgbImage } from '../types';
import { rotate, shear, translate } from './affine';
import { brightness, contrast, grayscale, hue, saturation, shiftRgb } from './color';
import { erase } from './erase';
import { gaussianBlur, sharpness } from './filters';
import { crop, flip } from './geometry';
import { autocontrast, equalize, invert, posterize, solarize, solarizeAdd } from './levels';
import { resize } from './resize';

/** Applies one operation; the input stays as it is. Throws an Error when the operation doesn't fit the image. */
export function applyOp(image: RgbImage, op: ImageOp): RgbImage {
  switch (op.op) {
    case 'resized-crop':
      return resize(image, op.toWidth, op.toHeight, op);
    case 'crop':
      return crop(image, op, op.fill);
    case 'flip':
      return flip(image);
    case 'brightness':
      return brightness(image, op.factor);
    case 'contrast':
      return contrast(image, op.factor);
    case 'saturation':
      return saturation(image, op.factor);
    case 'hue':
      return hue(image, op.shift);
    case 'sharpness':
      return sharpness(image, op.factor);
    case 'grayscale':
      return grayscale(image);
    case 'shift-rgb':
      return shiftRgb(image, op.add);
    case 'autocontrast':
      return autocontrast(image);
    case 'equalize':
      return equalize(image);
    case 'invert':
      return invert(image);
    case 'posterize':
      return posterize(image, op.bits);
    case 'solarize':
      return solarize(image, op.threshold);
    case 'solarize-add':
      return solarizeAdd(image, op.add);
    case 'rotate':
      return rotate(image, op.degrees, op);
    case 'shear-x':
      return shear(image, 'x', op.factor, op);
    case 'shear-y':
      return shear(image, 'y', op.factor, op);
    case 'translate-x':
      return translate(image, 'x', op.pixels, op);
    case 'translate-y':
      return translate(image, 'y', op.pixels, op);
    case 'gaussian-blur':
      return gaussianBlur(image, op.sigma);
    case 'erase':
      return erase(image, op, op);
    default:
      return op satisfies never;
  }
}

/** Applies operations one after the other. */
export function applyOps(image: RgbImage, ops: readonly ImageOp[]): RgbImage {
  return ops.reduce(applyOp, image);
}

/** Size of an image after operations, without doing them. */
export function sizeAfter(width: number, height: number, ops: readonly ImageOp[]): { width: number; height: number } {
  let size = { width, height };
  for (const op of ops) {
    if (op.op === 'resized-crop') size = { width: op.toWidth, height: op.toHeight };
    else if (op.op === 'crop') size = { width: op.width, height: op.height };
  }
  return size;
}

/** timm's default --crop-pct: the centre crop keeps this share of the resized side. */
const CROP_SHARE = 0.875;

/**
 * Evaluation preprocessing to size x size, as timm's: resize the short side to floor(size / 0.875), centre crop.
 * An image whose short side is not larger than size is resized straight to it: enlarging it first, only to cut away the
 * border, would lose an eighth of what little there is (28-pixel Fashion-MNIST at size 28 stays untouched).
 */
export function evaluationOps(width: number, height: number, size: number): ImageOp[] {
  const short = Math.min(width, height);
  const side = short <= size ? size : Math.floor(size / CROP_SHARE);
  // torchvision's Resize: the long side is truncated.
  const long = (other: number) => Math.trunc((side * other) / short);
  const toWidth = width <= height ? side : long(width);
  const toHeight = height <= width ? side : long(height);
  const ops: ImageOp[] = [];
  if (toWidth !== width || toHeight !== height) {
    ops.push({ op: 'resized-crop', x: 0, y: 0, width, height, toWidth, toHeight });
  }
  if (toWidth !== size || toHeight !== size) {
    const x = roundHalfEven((toWidth - size) / 2);
    const y = roundHalfEven((toHeight - size) / 2);
    ops.push({ op: 'crop', x, y, width: size, height: size, fill: [0, 0, 0] });
  }
  return ops;
}
