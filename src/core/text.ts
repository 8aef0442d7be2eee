/** Text as the world writes it: UTF-8, or UTF-16 as PowerShell writes and Notepad may, with a byte order mark or without one. */

/** Without a mark UTF-16 shows by its zeros: JSON and numbers begin with ASCII characters. */
function encodingOf([a, b]: Uint8Array): 'utf-16le' | 'utf-16be' | 'utf-8' {
  if ((a === 0xff && b === 0xfe) || (a !== 0 && b === 0)) return 'utf-16le';
  if ((a === 0xfe && b === 0xff) || (a === 0 && b !== undefined && b !== 0)) return 'utf-16be';
  return 'utf-8';
}

/** The text without its mark. fatal: throws where bytes are no text, in place of writing replacement characters. */
export const decodeText = (bytes: Uint8Array, { fatal = false } = {}): string =>
  new TextDecoder(encodingOf(bytes), { fatal }).decode(bytes);
