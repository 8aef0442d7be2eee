/**
 * The safetensors file format (huggingface/safetensors): 8 bytes of header length, a JSON header, then the raw values of all
 * tensors, little endian. https://github.com/huggingface/safetensors#format
 */

export interface NamedArray {
  /** PyTorch's shape. */
  shape: number[];
  data: Float32Array;
}

/** The reference implementation's limit on the header. */
const MAX_HEADER_BYTES = 100_000_000;

const bytesPerValue = { F64: 8, F32: 4, F16: 2, BF16: 2 } as const;
type FloatType = keyof typeof bytesPerValue;

/** Counters such as num_batches_tracked: known, not read. */
const integerTypes = new Set(['I64', 'I32', 'I16', 'I8', 'U64', 'U32', 'U16', 'U8', 'BOOL']);

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
  if (typeof entry?.dtype !== 'string') throw invalid(`tensor ${name} has no dtype`);
  if (!Array.isArray(shape) || !shape.every(isCount)) throw invalid(`tensor ${name} has no proper shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw invalid(`tensor ${name} has no proper data_offsets`);
  }
  const [begin, end] = offsets;
  if (begin > end || end > dataBytes)
    throw invalid(`tensor ${name} lies outside the file, at bytes ${begin} to ${end}`);
  return { dtype: entry.dtype, shape, data_offsets: [begin, end] };
}

/** The header's entries, unchecked, and where the values begin. */
function readHeader(buffer: ArrayBuffer): { header: Record<string, unknown>; start: number } {
  if (buffer.byteLength < 8) throw invalid(`it has only ${buffer.byteLength} bytes`);
  const headerBytes = new DataView(buffer).getBigUint64(0, true);
  if (headerBytes > BigInt(MAX_HEADER_BYTES) || headerBytes > BigInt(buffer.byteLength - 8)) {
    throw invalid(`its header would have ${headerBytes} bytes, the file has ${buffer.byteLength}`);
  }
  const start = 8 + Number(headerBytes);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(buffer, 8, start - 8)));
  } catch {
    throw invalid('its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw invalid('its header is not an object');
  return { header: header as Record<string, unknown>, start };
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
  const dataBytes = buffer.byteLength - start;
  const tensors = new Map<string, NamedArray>();
  let used = 0;
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets } = checkedEntry(name, value, dataBytes);
    used += data_offsets[1] - data_offsets[0];
    if (used > dataBytes) throw invalid('its tensors overlap');
    if (integerTypes.has(dtype)) continue;
    if (!(dtype in bytesPerValue)) throw invalid(`tensor ${name} has the type ${dtype}, which is not supported`);
    const type = dtype as FloatType;
    const [begin, end] = data_offsets;
    const count = shape.reduce((product, side) => product * side, 1);
    if (count * bytesPerValue[type] !== end - begin) {
      throw invalid(`tensor ${name} of shape [${shape}] and type ${type} cannot have ${end - begin} bytes`);
    }
    tensors.set(name, {
      shape: [...shape],
      data: readValues(type, new Uint8Array(buffer, start + begin, end - begin)),
    });
  }
  return tensors;
}

/** Writes tensors as F32, in the map's order; metadata are free texts, kept in the header. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, NamedArray>,
  metadata?: Readonly<Record<string, string>>,
): ArrayBuffer {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    const count = shape.reduce((product, side) => product * side, 1);
    if (count !== data.length) throw new Error(`Tensor ${name} of shape [${shape}] has ${data.length} values.`);
    if (name === '__metadata__') throw new Error('A tensor cannot be called __metadata__.');
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Spaces up to a multiple of 8, so that values are aligned for readers that map the file.
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const result = new Uint8Array(8 + headerBytes + offset).fill(0x20, 8, 8 + headerBytes);
  new DataView(result.buffer).setBigUint64(0, BigInt(headerBytes), true);
  result.set(json, 8);
  let at = 8 + headerBytes;
  for (const { data } of tensors.values()) {
    result.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return result.buffer;
}
