/** WebDataset's samples: the members of a shard that belong together, as webdataset and timm read them. */
import { decodeText } from '../core/text';
import type { TarMember } from './tar';

/** A WebDataset sample: its image and label, or what is wrong with it. It keeps its place in the shard either way. */
export type Sample =
  | { key: string; image: { offset: number; size: number; ext: string }; label: number }
  | { key: string; problem: string };

export interface Samples {
  samples: Sample[];
  /** Members that belong to no image or label, by extension. */
  ignored: Record<string, number>;
  /** What is odd about the archive as a whole, in words; it can be read all the same. */
  notes: string[];
}

export interface LabelRule {
  /** Labels are in [0, classes). */
  classes: number;
  /** Key of the label in the sample's .json, in the place of its .cls. */
  altLabel?: string | undefined;
}

/** In timm's order of preference, should a sample have several. */
const IMAGE_EXTENSIONS = ['jpg', 'jpeg', 'png', 'webp'];
const MAX_JSON_BYTES = 2 ** 20;

/** WebDataset's rule: the key ends at the first dot of the base name. */
function splitKey(name: string): { key: string; ext: string } {
  const base = name.lastIndexOf('/') + 1;
  const dot = name.indexOf('.', base);
  return dot <= base ? { key: name, ext: '' } : { key: name.slice(0, dot), ext: name.slice(dot + 1).toLowerCase() };
}

/** What the label file says, or what is wrong with it. */
function labelOf(bytes: Uint8Array, altLabel: string | undefined): number | string {
  let written: unknown;
  if (altLabel === undefined) written = decodeText(bytes.subarray(0, 32)).trim();
  else {
    try {
      const json: unknown = bytes.length > MAX_JSON_BYTES ? undefined : JSON.parse(decodeText(bytes));
      written = json instanceof Object && Object.hasOwn(json, altLabel) ? Reflect.get(json, altLabel) : undefined;
    } catch {
      return 'has a .json that is not valid JSON';
    }
    if (written === undefined || written === null) return `has no "${altLabel}" in its .json`;
  }
  const text = typeof written === 'number' || typeof written === 'string' ? String(written) : typeof written;
  return /^\+?\d{1,9}$/.test(text) ? Number(text) : `has the label '${text.slice(0, 32)}', which is no class number`;
}

/**
 * Groups adjacent members into samples. Extensions and keys are compared without case ('A.JPG' goes with 'a.cls');
 * a repeated extension starts the next sample. Labels are ASCII integers in `.cls`, or numbers in `.json` (alt_label).
 */
export function samplesOf(bytes: Uint8Array, members: readonly TarMember[], { classes, altLabel }: LabelRule): Samples {
  const labelExtension = altLabel === undefined ? 'cls' : 'json';
  const groups: { key: string; parts: Map<string, TarMember> }[] = [];
  const ignored: Record<string, number> = {};
  let dotted: TarMember | undefined;
  for (const member of members) {
    const { key, ext } = splitKey(member.name);
    if (!IMAGE_EXTENSIONS.includes(ext) && ext !== labelExtension) {
      const kind = ext.slice(0, 40) || 'no extension';
      ignored[kind] = (ignored[kind] ?? 0) + 1;
      if (IMAGE_EXTENSIONS.includes(ext.slice(ext.lastIndexOf('.') + 1))) dotted ??= member;
      continue;
    }
    let group = groups.at(-1);
    if (!group || group.key.toLowerCase() !== key.toLowerCase() || group.parts.has(ext)) {
      group = { key, parts: new Map() };
      groups.push(group);
    }
    group.parts.set(ext, member);
  }
  const samples = groups.map(({ key, parts }): Sample => {
    const ext = IMAGE_EXTENSIONS.find((one) => parts.has(one));
    const label = parts.get(labelExtension);
    if (ext === undefined) return { key, problem: 'has a label but no image (.jpg, .png or .webp)' };
    if (!label) return { key, problem: `has no label (.${labelExtension})` };
    const read = labelOf(bytes.subarray(label.offset, label.offset + label.size), altLabel);
    if (typeof read === 'string') return { key, problem: read };
    if (read >= classes) return { key, problem: `has the label ${read}, but there are ${classes} classes` };
    const { offset, size } = parts.get(ext) as TarMember;
    return { key, image: { offset, size, ext }, label: read };
  });
  return { samples, ignored, notes: notesOn(samples, dotted) };
}

function notesOn(samples: readonly Sample[], dotted: TarMember | undefined): string[] {
  const notes: string[] = [];
  const seen = new Set<string>();
  const twice = new Set<string>();
  let apart: string | undefined;
  for (const sample of samples) {
    const key = sample.key.toLowerCase();
    if (seen.has(key)) {
      if ('problem' in sample) apart ??= sample.key;
      else twice.add(sample.key);
    }
    seen.add(key);
  }
  if (dotted) {
    const { key, ext } = splitKey(dotted.name);
    notes.push(
      `'${dotted.name}' is left out: a key ends at the first dot, so that this is the key '${key.slice(key.lastIndexOf('/') + 1)}' with the extension '${ext}'; put another letter in the place of the dots`,
    );
  }
  if (apart !== undefined)
    notes.push(
      `the image and the label of '${apart}' lie apart: the files of a sample must be next to each other in the archive`,
    );
  if (twice.size > 0) {
    const [first] = twice;
    const others = twice.size > 1 ? ` and ${twice.size - 1} more are` : ' is';
    notes.push(`the key '${first}'${others} there twice, with an image each: both are used`);
  }
  return notes;
}
