/**
 * Encoded image -> RGB, by the browser's own decoders through a canvas. ImageDecoder would be three times as fast on small JPEGs,
 * but Safari has none, and Chromium's gives colours at half resolution: up to 100 levels off, where the canvas is not.
 */
import type { RgbImage } from './types';

/** 8,192 x 8,192: what a phone's worker can hold four bytes a pixel of. */
const MAX_PIXELS = 2 ** 26;

const TYPES: Record<string, string> = { jpg: 'image/jpeg', jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp' };

let canvas: OffscreenCanvas | undefined;
let context: OffscreenCanvasRenderingContext2D | null = null;

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

/** What the bytes start with, whatever the file is called. */
function typeOf(bytes: Uint8Array): string | undefined {
  const starts = (...magic: number[]) => magic.every((byte, i) => bytes[i] === byte);
  if (starts(0xff, 0xd8, 0xff)) return TYPES.jpg;
  if (starts(0x89, 0x50, 0x4e, 0x47)) return TYPES.png;
  if (starts(0x52, 0x49, 0x46, 0x46)) return TYPES.webp;
  return undefined;
}

/**
 * Decodes JPEG, PNG or WebP. Colours are taken as stored (no colour profile is applied, as in PIL), the EXIF orientation is
 * applied, transparent pixels are shown on white. Throws an Error when the bytes are no such image.
 */
export async function decodeRgb(bytes: Uint8Array<ArrayBuffer>): Promise<RgbImage> {
  const type = typeOf(bytes);
  if (!type) throw new Error('is neither JPEG, PNG nor WebP');
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
    const { width, height } = bitmap;
    if (width * height > MAX_PIXELS) throw new Error(`is too large: ${width} x ${height} pixels`);
    // No await from here on: the canvas is shared.
    const drawing = drawingContext(width, height);
    drawing.fillStyle = '#fff';
    drawing.fillRect(0, 0, width, height);
    drawing.drawImage(bitmap, 0, 0);
    const rgba = drawing.getImageData(0, 0, width, height).data;
    const data = new Uint8Array(width * height * 3);
    for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
      data[to] = rgba[from] as number;
      data[to + 1] = rgba[from + 1] as number;
      data[to + 2] = rgba[from + 2] as number;
    }
    return { width, height, data };
  } finally {
    bitmap.close();
  }
}
