/**
 * The safetensors file format (huggingface/safetensors): 8 bytes of header length, a JSON header, then the raw values of all
 * tensors, little endian. https://github.com/huggingface/safetensors#format
 */

export interface NamedArray {
  /** PyTorch's shape. */
  shape: number[];
  data: Float32Array;
}

/**
 * A thousandth of it is usual: a ResNet-50's header has 33 KB, so this is room for 8,000 tensors. The reference implementation
 * reads a hundred times as much, with which a file of no tensors at all keeps a page busy for minutes.
 */
const MAX_HEADER_BYTES = 1_000_000;

/** An object of tensors, of which each has lists: three levels, and as many again for what others may add. */
const MAX_HEADER_DEPTH = 6;

const bytesPerValue = { F64: 8, F32: 4, F16: 2, BF16: 2 } as const;
type FloatType = keyof typeof bytesPerValue;

/** Counters such as num_batches_tracked: known and checked, not read. */
const bytesPerInteger = { I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 } as const;

const known = new Map<string, number>(Object.entries({ ...bytesPerValue, ...bytesPerInteger }));

const invalid = (what: string) => new Error(`Not a valid safetensors file: ${what}.`);

function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Values as float32, copied, so that a tensor need not be aligned in the file. */
function readValues(type: FloatType, bytes: Uint8Array): Float32Array {
  const copy = bytes.slice().buffer;
  switch (type) {
    case 'F32':
      return new Float32Array(copy);
    case 'F64':
      return Float32Array.from(new Float64Array(copy));
    case 'F16':
      return Float32Array.from(new Uint16Array(copy), halfToFloat);
    case 'BF16': {
      const words = Uint32Array.from(new Uint16Array(copy), (bits) => bits << 16);
      return new Float32Array(words.buffer);
    }
  }
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function checkedEntry(name: string, value: unknown, dataBytes: number): Entry {
  const entry = value as Partial<Entry> | null;
  const shape = entry?.shape;
  const offsets = entry?.data_offsets;
  const dtype = entry?.dtype;
  if (typeof dtype !== 'string') throw invalid(`tensor ${name} has no dtype`);
  if (!Array.isArray(shape) || !shape.every(isCount)) throw invalid(`tensor ${name} has no proper shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw invalid(`tensor ${name} has no proper data_offsets`);
  }
  const [begin, end] = offsets;
  if (begin > end || end > dataBytes)
    throw invalid(`tensor ${name} lies outside the file, at bytes ${begin} to ${end}`);
  const bytes = known.get(dtype);
  if (bytes === undefined) throw invalid(`tensor ${name} has the type ${dtype}, which is not supported`);
  if (shape.reduce((product, side) => product * side, bytes) !== end - begin) {
    throw invalid(`tensor ${name} of shape [${shape}] and type ${dtype} cannot have ${end - begin} bytes`);
  }
  return { dtype, shape: [...shape], data_offsets: [begin, end] };
}

/** How files begin that are given for weights, bytes as characters, and what they are, with what to do about it. */
const strangers: readonly { begins: readonly string[]; is: string }[] = [
  {
    begins: ['version https://git-lfs'],
    is: 'a Git LFS pointer, which stands for the weights: get the file itself with git lfs pull, or from its download link',
  },
  {
    begins: ['<!doctype', '<html', '<head', '<?xml', '<!--'],
    is: 'a web page, not weights: the download gave a page in their place',
  },
  {
    // A zip archive, and pickles of protocols 2 to 5.
    begins: ['pk\x03\x04', '\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05'],
    is: 'a PyTorch file (.pt, .pth), not safetensors: save its state dict with safetensors.torch.save_file',
  },
  { begins: ['\x89hdf'], is: 'an HDF5 file, as Keras writes, not safetensors' },
  { begins: ['gguf'], is: 'a GGUF file, not safetensors' },
  { begins: ['\x1f\x8b'], is: 'a gzip archive: unpack it first' },
];

/** Throws if the bytes are those of another kind of file that is often met. */
function refuseStrangers(bytes: Uint8Array): void {
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb ? 3 : 0;
  const head = String.fromCharCode(...bytes.subarray(mark, mark + 64))
    .trimStart()
    .toLowerCase();
  const stranger = strangers.find(({ begins }) => begins.some((start) => head.startsWith(start)));
  if (stranger) throw new Error(`This is ${stranger.is}.`);
}

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [...'"\\[]{}'].map((c) => c.charCodeAt(0));

/** True if lists and objects lie in one another deeper than any header's: JSON.parse takes minutes over a million of them. */
function isTooDeep(json: Uint8Array): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (quoted) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      if (++depth > MAX_HEADER_DEPTH) return true;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
  }
  return false;
}

/** The header's entries, unchecked, and where the values begin. */
function readHeader(buffer: ArrayBuffer): { header: Record<string, unknown>; start: number } {
  refuseStrangers(new Uint8Array(buffer, 0, Math.min(128, buffer.byteLength)));
  if (buffer.byteLength < 8) throw invalid(`it has only ${buffer.byteLength} bytes`);
  const headerBytes = new DataView(buffer).getBigUint64(0, true);
  if (headerBytes > BigInt(buffer.byteLength - 8)) {
    throw invalid(`its header would have ${headerBytes} bytes, the file has ${buffer.byteLength}`);
  }
  if (headerBytes > BigInt(MAX_HEADER_BYTES)) {
    throw invalid(`its header has ${headerBytes} bytes, at most ${MAX_HEADER_BYTES} are read`);
  }
  const start = 8 + Number(headerBytes);
  const json = new Uint8Array(buffer, 8, start - 8);
  if (isTooDeep(json)) throw invalid('its header is nested too deep');
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch {
    throw invalid('its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw invalid('its header is not an object');
  return { header: header as Record<string, unknown>, start };
}

/** The tensors' entries by name, checked: every byte of the values belongs to one tensor, as the format has it. */
function readEntries(header: Record<string, unknown>, dataBytes: number): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const [name, value] of Object.entries(header)) {
    if (name !== '__metadata__') entries.set(name, checkedEntry(name, value, dataBytes));
  }
  let end = 0;
  const inOrder = [...entries].sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const [name, { data_offsets }] of inOrder) {
    if (data_offsets[0] < end) throw invalid(`its tensors overlap, ${name} with the one before it`);
    if (data_offsets[0] > end) throw invalid(`its bytes ${end} to ${data_offsets[0]} belong to no tensor`);
    end = data_offsets[1];
  }
  if (end < dataBytes) throw invalid(`its last ${dataBytes - end} bytes belong to no tensor`);
  return entries;
}

/** The free texts in a file's header; what is not text is left out. Throws if the file is no safetensors file. */
export function safetensorsMetadata(buffer: ArrayBuffer): Map<string, string> {
  const metadata = readHeader(buffer).header.__metadata__;
  if (typeof metadata !== 'object' || metadata === null) return new Map();
  return new Map(Object.entries(metadata).filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

/**
 * Reads all floating-point tensors of a file (F32, F16, BF16, F64) as float32; integer tensors are skipped. Takes memory in
 * proportion to the file's length, whatever its header says.
 * Throws with a message for a person when the file is cut, is no safetensors file or holds another type.
 */
export function parseSafetensors(buffer: ArrayBuffer): Map<string, NamedArray> {
  const { header, start } = readHeader(buffer);
  const tensors = new Map<string, NamedArray>();
  for (const [name, { dtype, shape, data_offsets }] of readEntries(header, buffer.byteLength - start)) {
    if (!Object.hasOwn(bytesPerValue, dtype)) continue;
    const [begin, end] = data_offsets;
    const data = readValues(dtype as FloatType, new Uint8Array(buffer, start + begin, end - begin));
    tensors.set(name, { shape, data });
  }
  return tensors;
}

/** A header and, behind it, room for the values, which begin at `start`. */
function withHeader(entries: Iterable<readonly [string, unknown]>, dataBytes: number) {
  // fromEntries defines own properties: a tensor may be called __proto__.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  // Spaces up to a multiple of 8, so that values are aligned for readers that map the file.
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const start = 8 + headerBytes;
  const file = new Uint8Array(start + dataBytes).fill(0x20, 8, start);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, 8);
  return { file, start };
}

/** The file with other names for its tensors, all else as it is. Throws if it is no safetensors file. */
export function renameTensors(buffer: ArrayBuffer, rename: (name: string) => string): ArrayBuffer {
  const { header, start } = readHeader(buffer);
  const entries = Object.entries(header).map(
    ([name, entry]) => [name === '__metadata__' ? name : rename(name), entry] as const,
  );
  const renamed = withHeader(entries, buffer.byteLength - start);
  renamed.file.set(new Uint8Array(buffer, start), renamed.start);
  return renamed.file.buffer;
}

/** The names of a file's tensors, unread. Throws if it is no safetensors file. */
export const tensorNames = (buffer: ArrayBuffer): string[] =>
  Object.keys(readHeader(buffer).header).filter((name) => name !== '__metadata__');

/** Writes tensors as F32, in the map's order; metadata are free texts, kept in the header. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, NamedArray>,
  metadata?: Readonly<Record<string, string>>,
): ArrayBuffer {
  const header = new Map<string, unknown>(metadata ? [['__metadata__', metadata]] : []);
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    const count = shape.reduce((product, side) => product * side, 1);
    if (count !== data.length) throw new Error(`Tensor ${name} of shape [${shape}] has ${data.length} values.`);
    if (name === '__metadata__') throw new Error('A tensor cannot be called __metadata__.');
    header.set(name, { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] });
    offset += data.byteLength;
  }
  const { file, start } = withHeader(header, offset);
  let at = start;
  for (const { data } of tensors.values()) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file.buffer;
}
