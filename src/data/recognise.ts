/** What bytes are that are not what was asked for: servers send sign-in pages, and repositories pointers, with the right name. */

const START = 512;
const starts = (bytes: Uint8Array, ...magic: number[]) => magic.every((byte, i) => bytes[i] === byte);

/** In words that follow "it is"; undefined where the bytes are nothing that is often mistaken for data. */
export function whatItIs(bytes: Uint8Array): string | undefined {
  if (starts(bytes, 0x1f, 0x8b)) return 'compressed with gzip';
  if (starts(bytes, 0x50, 0x4b, 3, 4)) return 'a zip archive (what PyTorch saves is one too)';
  if (starts(bytes, 0x80) && (bytes[1] as number) >= 2 && (bytes[1] as number) <= 5 && bytes[2] !== 0)
    return 'a Python pickle, as PyTorch writes them';
  const text = new TextDecoder().decode(bytes.subarray(0, START)).trimStart().toLowerCase();
  if (/^(<!doctype html|<html|<head|<body|<script|<!--|<\?xml)/.test(text)) return 'a web page (HTML)';
  if (text.startsWith('version https://git-lfs')) return 'a Git LFS pointer: the file itself was never fetched';
  return undefined;
}
