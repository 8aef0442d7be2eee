/** The size of an image from its first bytes, before anything is decoded: a small file may hold more pixels than there is memory. */

export interface ImageHeader {
  type: 'image/jpeg' | 'image/png' | 'image/webp';
  /** Pixels as stored; absent where the header is damaged. */
  size?: { width: number; height: number };
}

const starts = (bytes: Uint8Array, at: number, text: string) =>
  [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));

/** Size in the first frame header of a JPEG (ITU T.81, B.2.2). */
function jpegSize(bytes: Uint8Array, view: DataView): ImageHeader['size'] {
  let at = 2;
  while (at + 9 < bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] as number;
    // Fill bytes before a marker.
    if (marker === 0xff) at++;
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    else at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** Size of a WebP: extended, lossless or lossy (RFC 9649, 2.5 to 2.7). */
function webpSize(bytes: Uint8Array, view: DataView): ImageHeader['size'] {
  if (bytes.length < 30) return undefined;
  const uint24 = (at: number) => view.getUint16(at, true) | ((bytes[at + 2] as number) << 16);
  if (starts(bytes, 12, 'VP8X')) return { width: uint24(24) + 1, height: uint24(27) + 1 };
  if (starts(bytes, 12, 'VP8L')) {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (starts(bytes, 12, 'VP8 '))
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  return undefined;
}

/** What the bytes start with, whatever the file is called; undefined if it is neither JPEG, PNG nor WebP. */
export function imageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = (type: ImageHeader['type'], size: ImageHeader['size']): ImageHeader => ({
    type,
    ...(size && { size }),
  });
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return header('image/jpeg', jpegSize(bytes, view));
  if (bytes[0] === 0x89 && starts(bytes, 1, 'PNG'))
    return header(
      'image/png',
      bytes.length < 24 ? undefined : { width: view.getUint32(16), height: view.getUint32(20) },
    );
  if (starts(bytes, 0, 'RIFF') && starts(bytes, 8, 'WEBP')) return header('image/webp', webpSize(bytes, view));
  return undefined;
}
