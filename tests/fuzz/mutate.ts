/** Small damages to good inputs: most readers break near what they expect, not on noise. */
import type { Rng } from '../../src/core/rng';

export const pick = <T>(random: Rng, from: readonly T[]): T => from[random.int(from.length)] as T;

/** Replaces, repeats, cuts out, inserts and exchanges bytes; whole blocks of a tar at times. */
export function mutateBytes(random: Rng, good: Uint8Array): Uint8Array<ArrayBuffer> {
  let bytes = Uint8Array.from(good);
  for (let edits = random.int(6); edits >= 0; edits--) {
    const at = random.int(bytes.length + 1);
    const length = pick(random, [1, 1, 4, 100, 512, 512 * (1 + random.int(3))]);
    const from = random.int(3) === 0 ? at - (at % 512) : at;
    switch (random.int(5)) {
      case 0:
        bytes[at] = random.int(256);
        break;
      case 1:
        bytes.fill(pick(random, [0, 32, 48, 55, 255]), from, from + length);
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3:
        bytes = Uint8Array.from([...bytes.subarray(0, from + length), ...bytes.subarray(from)]);
        break;
      default:
        bytes = Uint8Array.from([...bytes.subarray(0, from), ...bytes.subarray(from + length)]);
    }
  }
  return bytes;
}

const NASTY_TEXTS = [
  '',
  ' ',
  '\0',
  '\ud83d',
  '\u202e',
  '..',
  '../',
  '.%2e/',
  '%2e%2e',
  '%',
  '%zz',
  '//other.example/x',
  'https://other.example/x',
  'file:///etc/passwd',
  'data:,x',
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  '1e999',
  '-0',
  '0x10',
  '9'.repeat(30),
  'é'.repeat(700),
  '&',
  '=',
  '#',
  '?',
  '+',
  '&amp;',
];

export function mutateText(random: Rng, good: string): string {
  let text = good;
  for (let edits = random.int(5); edits >= 0; edits--) {
    const at = random.int(text.length + 1);
    const end = at + random.int(8);
    text = text.slice(0, at) + (random.int(3) ? pick(random, NASTY_TEXTS) : '') + text.slice(end);
  }
  return text;
}

const nastyValue = (random: Rng): unknown =>
  pick<() => unknown>(random, [
    () => null,
    () => random.int(2) === 0,
    () => pick(random, [0, -1, 1.5, 2 ** 31, 2 ** 53, 1e300, -1e-300]),
    () => pick(random, NASTY_TEXTS),
    () => [],
    () => ({}),
    () => new Array(random.int(2000)).fill(pick(random, [0, 'x', null])),
    () => JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`),
    () => ({ [pick(random, NASTY_TEXTS)]: random.int(9) }),
  ])();

/** A copy in which some values, keys and items are others. */
export function mutateJson(random: Rng, good: unknown, chance = 0.08): unknown {
  if (random.uniform() < chance) return nastyValue(random);
  if (Array.isArray(good)) return good.map((item) => mutateJson(random, item, chance));
  if (!(good instanceof Object)) return good;
  const entries = Object.entries(good)
    .filter(() => random.uniform() > chance / 2)
    .map(([key, value]) => [
      random.uniform() < chance / 4 ? pick(random, NASTY_TEXTS) : key,
      mutateJson(random, value, chance),
    ]);
  return Object.fromEntries(entries);
}
