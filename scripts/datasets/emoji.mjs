/**
 * Emoji drawings, 64 x 64 on white; the task is the emoji's group. Three splits make two experiments out of it:
 * `validation` are emoji never trained on, drawn in the style trained on (Google's Noto); `style` are the very same
 * drawings in Twitter's style, one for one. No Twemoji is trained on, so validation minus style is the price of the change of style alone.
 * An emoji and all its skin tones stay on one side, or a tone would give the answer away.
 */
/** @import { Dataset, Ingredients, Sample } from './shards.mjs' */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const SIDE = 64;
const HELD_OUT = 0.2;
const SHUFFLE_SEED = 16;

/**
 * @typedef {object} DrawnEmoji
 * @property {string} codes code points, lower case, without variation selectors: '1f44b-1f3fb'
 * @property {string} emoji name without skin tones: what is held out together
 * @property {string} group
 * @property {string} noto SVG
 * @property {string} twemoji SVG
 */

/** @param {string | Uint8Array} text */
const hash = (text) => createHash('sha256').update(text).digest('hex');

/**
 * Code points as every package's spelling comes down to: lower case, no leading zeros, no variation selectors.
 * @param {string} codes
 */
const plainCodes = (codes) =>
  codes
    .toLowerCase()
    .split(/[- ]/)
    .filter((code) => code !== 'fe0f')
    .map((code) => code.replace(/^0+/, ''))
    .join('-');

/**
 * Code points -> SVG of every sprite of the sheet: the <svg> elements below its root.
 * @param {string} modules
 * @returns {Map<string, string>}
 */
function notoDrawings(modules) {
  const sheet = readFileSync(join(modules, '@svgmoji', 'noto', 'sprites', 'all.svg'), 'utf8');
  const drawings = new Map();
  let depth = 0;
  let start = 0;
  for (const { 0: tag, index } of sheet.matchAll(/<svg\b[^>]*>|<\/svg>/g)) {
    if (tag !== '</svg>') {
      if (depth === 1) start = index;
      depth++;
      continue;
    }
    depth--;
    if (depth !== 1) continue;
    const svg = sheet.slice(start, index + tag.length);
    const [, id] = /^<svg[^>]*? id="([^"]+)"/.exec(svg) ?? [];
    if (!id) throw new Error(`@svgmoji/noto has a drawing without a name at character ${start}.`);
    drawings.set(plainCodes(id), svg);
  }
  return drawings;
}

/**
 * @param {string} modules
 * @returns {Map<string, string>}
 */
function twemojiDrawings(modules) {
  const folder = join(modules, '@twemoji', 'svg');
  const files = readdirSync(folder).filter((file) => file.endsWith('.svg'));
  return new Map(
    files.map((file) => [plainCodes(file.slice(0, -'.svg'.length)), readFileSync(join(folder, file), 'utf8')]),
  );
}

/**
 * The drawing as PNG. Nested in a square of our own, it is scaled and centred whatever size it was drawn at.
 * @param {string} svg
 * @returns {Promise<Uint8Array>}
 */
export const render = (svg) =>
  sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${SIDE}" height="${SIDE}" viewBox="0 0 ${SIDE} ${SIDE}">${svg}</svg>`,
    ),
  )
    .flatten({ background: '#ffffff' })
    .png()
    .toBuffer();

/**
 * 'waving hand: dark skin tone' -> 'waving hand'; a skin tone by itself is an emoji too.
 * @param {string} title
 */
const withoutTone = (title) =>
  title
    .replace(/\b(medium-)?(light|medium|dark) skin tone\b/g, '')
    .replace(/[:,\s]+/g, ' ')
    .trim() || title;

/**
 * Every emoji that both styles draw: its code points, the emoji that it is a skin tone of (by name), its group and its
 * two drawings (SVG). A drawing with text is left out: it would look different where the fonts differ.
 * @param {string} modules
 * @returns {DrawnEmoji[]}
 */
export function drawnEmoji(modules) {
  const noto = notoDrawings(modules);
  const twemoji = twemojiDrawings(modules);
  /** @type {{ codes: string, name: string, group: string }[]} */
  const list = JSON.parse(readFileSync(join(modules, 'emoji.json', 'emoji.json'), 'utf8'));
  // emoji.json also lists the spellings without variation selectors.
  const byCodes = new Map(list.map((one) => [plainCodes(one.codes), one]));
  return [...byCodes]
    .flatMap(([codes, { name: title, group }]) => {
      const [ours, theirs] = [noto.get(codes), twemoji.get(codes)];
      return ours && theirs ? [{ codes, emoji: withoutTone(title), group, noto: ours, twemoji: theirs }] : [];
    })
    .filter((one) => !/<text\b/.test(one.noto + one.twemoji));
}

/**
 * The emoji (by name) that no training sees: of each group the fifth with the lowest hash, one at least.
 * @param {DrawnEmoji[]} drawn
 */
function heldOut(drawn) {
  const groups = [...new Set(drawn.map((one) => one.group))];
  const held = groups.flatMap((group) => {
    const members = [...new Set(drawn.filter((one) => one.group === group).map((one) => one.emoji))];
    members.sort((a, b) => (hash(a) < hash(b) ? -1 : 1));
    return members.slice(0, Math.ceil(HELD_OUT * members.length));
  });
  return new Set(held);
}

/**
 * Of drawings that look the same the first: Norway's flag is Svalbard's too, and one of the two might be trained on.
 * @param {DrawnEmoji[]} drawn
 */
async function differentLooks(drawn) {
  const looks = await Promise.all(drawn.map(async (one) => hash(await render(one.noto))));
  return drawn.filter((_, i) => looks.indexOf(/** @type {string} */ (looks[i])) === i);
}

/**
 * The dataset as writeDataset takes it.
 * @param {Ingredients} ingredients
 * @returns {Promise<Dataset>}
 */
export async function emoji({ rng, modules, only }) {
  const every = drawnEmoji(modules);
  const classes = [...new Set(every.map((one) => one.group))].sort();
  const drawn = await differentLooks(every.filter((one) => !only || only.includes(one.group)));
  const held = heldOut(drawn);
  /**
   * @param {string} splitName
   * @param {'noto' | 'twemoji'} style
   * @param {(one: DrawnEmoji) => boolean} wanted
   */
  const split = (splitName, style, wanted) => {
    const samples = drawn
      .filter(wanted)
      .map((one) => ({ label: classes.indexOf(one.group), png: () => render(one[style]) }));
    return Array.from(
      rng(SHUFFLE_SEED, `emoji-${splitName}`).permutation(samples.length),
      (i) => /** @type {Sample} */ (samples[i]),
    );
  };
  /** @param {DrawnEmoji} one */
  const isHeld = (one) => held.has(one.emoji);
  return {
    name: 'emoji',
    license: 'Apache-2.0 (Noto Emoji) and CC-BY-4.0 (Twemoji)',
    source:
      'npm @svgmoji/noto 3.2.0 (Noto Emoji, Google, Apache-2.0) and @twemoji/svg 15.0.0 (Twemoji, Twitter and contributors, CC-BY-4.0), drawn on white; groups from emoji.json 16.0.0 (MIT). ' +
      'train: Noto drawings of four fifths of the emoji. validation: Noto drawings of the others, skin tones together. style: Twemoji drawings of exactly the emoji of validation; no Twemoji is trained on.',
    shuffleSeed: SHUFFLE_SEED,
    classes,
    side: SIDE,
    shardLength: 512,
    splits: {
      train: split('train', 'noto', (one) => !isHeld(one)),
      validation: split('validation', 'noto', isHeld),
      style: split('style', 'twemoji', isHeld),
    },
  };
}
