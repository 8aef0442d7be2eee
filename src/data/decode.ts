/**
 * Encoded image -> RGB, by the browser's own decoders through a canvas. ImageDecoder would be three times as fast on small JPEGs,
 * but Safari has none, and Chromium's gives colours at half resolution: up to 100 levels off, where the canvas is not.
 */
import { imageHeader } from './image-size';
import type { RgbImage } from './types';

/** 8,192 x 8,192: what a phone's worker can hold four bytes a pixel of. */
const MAX_PIXELS = 2 ** 26;

/**
 * Side of the canvas, pixels. It is shared and never larger: browsers limit its sides (Chromium 65,535, Safari 16,384) and its
 * area (Safari 16,777,216), and beyond that everything drawn is black. Larger images are read piece by piece.
 */
const TILE = 2048;

let canvas: OffscreenCanvas | undefined;
let context: OffscreenCanvasRenderingContext2D | null = null;

/** The shared canvas, at least width x height. */
function drawingContext(width: number, height: number): OffscreenCanvasRenderingContext2D {
  if (!canvas || !context) {
    canvas = new OffscreenCanvas(width, height);
    // Read back after every image: keep the canvas in main memory.
    context = canvas.getContext('2d', { willReadFrequently: true });
  }
  if (!context) throw new Error('This browser has no 2D canvas in workers.');
  if (canvas.width < width) canvas.width = width;
  if (canvas.height < height) canvas.height = height;
  return context;
}

/** The pixels of a bitmap on white, without alpha. No await in here: the canvas is shared. */
function readRgb(bitmap: ImageBitmap): Uint8Array<ArrayBuffer> {
  const { width, height } = bitmap;
  const data = new Uint8Array(width * height * 3);
  for (let top = 0; top < height; top += TILE) {
    for (let left = 0; left < width; left += TILE) {
      const [columns, rows] = [Math.min(TILE, width - left), Math.min(TILE, height - top)];
      const drawing = drawingContext(columns, rows);
      drawing.fillStyle = '#fff';
      drawing.fillRect(0, 0, columns, rows);
      drawing.drawImage(bitmap, -left, -top);
      const rgba = drawing.getImageData(0, 0, columns, rows).data;
      for (let row = 0, from = 0; row < rows; row++) {
        let to = ((top + row) * width + left) * 3;
        for (let column = 0; column < columns; column++, from += 4) {
          data[to++] = rgba[from] as number;
          data[to++] = rgba[from + 1] as number;
          data[to++] = rgba[from + 2] as number;
        }
      }
    }
  }
  return data;
}

/**
 * Decodes JPEG, PNG or WebP. Colours are taken as stored (no colour profile is applied, as in PIL), transparent pixels are shown on
 * white. Three things differ from PIL, which timm and torchvision read with: the EXIF orientation of a JPEG is applied (photos
 * stand upright), that of a WebP is not; PIL drops alpha, so that what lies under transparent pixels shows; of 16-bit grey PNG the
 * high byte is taken, where PIL clips. The command `augment` reads with sharp: it turns WebP too, and converts CMYK otherwise
 * (mean 12 levels). Throws an Error when the bytes are no such image, or one of more than 2^26 pixels.
 */
export async function decodeRgb(bytes: Uint8Array<ArrayBuffer>): Promise<RgbImage> {
  const header = imageHeader(bytes);
  if (!header) throw new Error('is neither JPEG, PNG nor WebP');
  const { type, size } = header;
  const refuseHuge = ({ width, height }: { width: number; height: number }) => {
    if (width * height > MAX_PIXELS)
      throw new Error(`is too large: ${width} x ${height} pixels, where ${MAX_PIXELS / 2 ** 20} million fit`);
  };
  if (size) refuseHuge(size);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes], { type }), {
      premultiplyAlpha: 'none',
      colorSpaceConversion: 'none',
    });
  } catch (cause) {
    throw new Error(`is a damaged ${type.slice(6)} image`, { cause });
  }
  try {
    refuseHuge(bitmap);
    return { width: bitmap.width, height: bitmap.height, data: readRgb(bitmap) };
  } finally {
    bitmap.close();
  }
}
