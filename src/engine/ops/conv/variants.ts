/** How the convolution's passes may be run. Every variant of a pass adds up in the same order. */
import type { Variant } from '../../gpu/variants';

/** A tile in the registers of one thread: rows x vec4 of columns. */
export interface Tile extends Variant {
  rows: number;
  columns: number;
  /** Tiles in workgroup memory. */
  barriers: boolean;
  /** For a whole row of taps at once. */
  tapRow: boolean;
}

const tile = (rows: number, columns: number): Tile => ({
  name: `${rows}x${columns}`,
  rows,
  columns,
  barriers: false,
  tapRow: false,
});

/** Of 64 pixels, or of as many input channels, x 64 channels. */
const shared = (rows: number): Tile => ({ name: 'shared', rows, columns: 16, barriers: true, tapRow: false });

/** Vectors of channels from which on a tile in workgroup memory is not mostly empty. */
const ENOUGH_TO_SHARE = 8;

/** The tile of the sizes, moved to the front: what is used until the device was measured. */
const startingWith = (tiles: readonly Tile[], name: string) =>
  [...tiles].sort((a, b) => Number(b.name === name) - Number(a.name === name));

/** What a device may be asked to try. */
export interface Offer {
  /** All channels are multiples of 4, as the variant in workgroup memory needs them. */
  vec4: boolean;
  /** Tiles for GPUs. SwiftShader takes 26 s to compile a tile of 8 pixels, and 0.2 s for one of 4. */
  large: boolean;
  /** Neighbouring taps see neighbouring pixels: a kernel of several taps at stride 1. */
  tapRows: boolean;
}

/**
 * Tiles of pixels x vec4 of channels, for the output and for the input gradient. Without a measurement: as large as leaves some
 * thousand threads, since a larger tile loads less per multiply-add, and still compiles soon.
 */
export function pixelTiles(pixels: number, vectors: number, { vec4, large }: Omit<Offer, 'tapRows'>): Tile[] {
  const tiles = [1, 2]
    .filter((columns) => vectors % columns === 0)
    .flatMap((columns) => (large ? [1, 2, 4, 8] : [1, 2, 4]).map((rows) => tile(rows, columns)));
  const columns = vectors % 2 === 0 ? 2 : 1;
  const rows = pixels * vectors >= 4096 ? 4 : pixels * vectors >= 1024 ? 2 : 1;
  const canShare = vec4 && large && pixels >= 64 && vectors >= ENOUGH_TO_SHARE;
  return startingWith(canShare ? [...tiles, shared(64)] : tiles, `${rows}x${columns}`);
}

/** Tiles of vec4 of input channels x vec4 of output channels, for the filter gradient: four sums each. */
export function filterTiles(inputs: number, outputs: number, { vec4, large, tapRows }: Offer): Tile[] {
  const tiles = [1, 2, 4]
    .flatMap((rows) => [1, 2, 4].map((columns) => tile(rows, columns)))
    .filter(({ rows, columns }) => rows * columns <= (large ? 8 : 4))
    .filter(({ rows, columns }) => inputs % rows === 0 && outputs % columns === 0);
  const wide = tiles
    .filter(({ rows, columns }) => rows * columns <= 2)
    .map((one) => ({ ...one, name: `${one.name} tap row`, tapRow: true }));
  const canShare = vec4 && large && Math.min(inputs, outputs) >= ENOUGH_TO_SHARE;
  const all = [...tiles, ...(tapRows ? wide : []), ...(canShare ? [shared(16)] : [])];
  return startingWith(all, `${inputs % 2 === 0 ? 2 : 1}x${outputs % 2 === 0 ? 2 : 1}`);
}
