/** Tar archives block by block, as strange as tools write them, and datasets made of them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const encode = (text: string) => new TextEncoder().encode(text);
const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;

export interface HeaderOptions {
  type?: string;
  /** Sum the bytes as signed ones, as some old tools did. */
  signed?: boolean;
  /** The size field as it stands, in the place of octal digits. */
  sizeField?: Uint8Array;
}

/** A header block: ustar. */
export function tarHeader(name: string, size: number, { type = '0', signed, sizeField }: HeaderOptions = {}) {
  const header = new Uint8Array(512);
  const put = (at: number, text: string | Uint8Array) => header.set(typeof text === 'string' ? encode(text) : text, at);
  put(0, encode(name).subarray(0, 100));
  put(100, octal(0o644, 8));
  put(108, octal(1000, 8));
  put(116, octal(1000, 8));
  put(124, sizeField ?? octal(size, 12));
  put(136, octal(1_700_000_000, 12));
  put(148, ' '.repeat(8));
  put(156, type);
  put(257, 'ustar\x0000');
  const sum = header.reduce((total, byte) => total + (signed && byte > 127 ? byte - 256 : byte), 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return header;
}

/** A member: header, data, filled up to whole blocks. */
export function tarEntry(name: string, data: string | Uint8Array, options?: HeaderOptions): Uint8Array {
  const body = typeof data === 'string' ? encode(data) : data;
  return joined(tarHeader(name, body.length, options), body, new Uint8Array(-body.length & 511));
}

/** A pax header: '<length> <key>=<value>\n' records. */
export function paxEntry(records: Record<string, string>, type: 'x' | 'g' = 'x'): Uint8Array {
  const lines = Object.entries(records).map(([key, value]) => {
    const body = encode(` ${key}=${value}\n`).length;
    let length = body + 1;
    while (String(length).length + body !== length) length = String(length).length + body;
    return `${length} ${key}=${value}\n`;
  });
  return tarEntry('PaxHeader/x', lines.join(''), { type });
}

export const TAR_END = new Uint8Array(1024);

export function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** An archive of samples from number `start` on: an image that nobody decodes and a label, i % 2. */
export function plainTar(samples: number, { start = 0, key = (i: number) => String(i).padStart(6, '0') } = {}) {
  const parts = Array.from({ length: samples }, (_, i) => start + i).flatMap((i) => [
    tarEntry(`${key(i)}.png`, 'image'),
    tarEntry(`${key(i)}.cls`, String(i % 2)),
  ]);
  return joined(...parts, TAR_END);
}

export interface ShardFiles {
  [split: string]: { [file: string]: [bytes: Uint8Array, samples: number] };
}

/** What an `_info.json` says of such shards. */
export function infoOf(shards: ShardFiles, more: object = {}) {
  const splits = Object.entries(shards).map(([name, files]) => {
    const lengths = Object.values(files).map(([, samples]) => samples);
    return [
      name,
      {
        name,
        filenames: Object.keys(files),
        shard_lengths: lengths,
        num_samples: lengths.reduce((a, b) => a + b, 0),
      },
    ];
  });
  return { name: 'case', classes: ['red', 'blue'], splits: Object.fromEntries(splits), ...more };
}

/** Writes shards and their index into a folder, made if it is not there. */
export function writeDataset(folder: string, shards: ShardFiles, more: object = {}, index = '_info.json') {
  mkdirSync(folder, { recursive: true });
  for (const files of Object.values(shards))
    for (const [name, [bytes]] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  const info = infoOf(shards, more);
  writeFileSync(join(folder, index), JSON.stringify(info));
  return info;
}
