/**
 * Emoji drawings, 64 x 64 on white; the task is the emoji's group. Three splits make two experiments out of it:
 * `validation` are emoji never trained on, drawn in the style trained on (Google's); `style` are the very same emoji in
 * Twitter's drawing. No Twitter drawing is trained on, so validation minus style is the price of the change of style alone.
 * An emoji and all its skin tones stay on one side, or a tone would give the answer away.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const SIDE = 64;
const HELD_OUT = 0.2;
const SHUFFLE_SEED = 16;

export const name = 'emoji';

const hash = (text) => createHash('sha256').update(text).digest('hex');

/** The emoji (by `unified`) that no training sees: of each group the fifth with the lowest hash, one at least. */
export function heldOut(emoji) {
  const held = [...new Set(emoji.map((one) => one.category))].flatMap((group) => {
    const members = emoji.filter((one) => one.category === group).map((one) => one.unified);
    members.sort((a, b) => (hash(a) < hash(b) ? -1 : 1));
    return members.slice(0, Math.ceil(HELD_OUT * members.length));
  });
  return new Set(held);
}

/** The dataset as writeDataset takes it. `rng` is core/rng.ts's; `modules` is the node_modules folder. */
export function emoji({ rng, modules }) {
  const all = JSON.parse(readFileSync(join(modules, 'emoji-datasource-google', 'emoji.json'), 'utf8'));
  const classes = [...new Set(all.map((one) => one.category))].sort();
  const held = heldOut(all);
  const drawings = (style, wanted) =>
    all.filter(wanted).flatMap((one) => {
      const label = classes.indexOf(one.category);
      const images = [one, ...Object.values(one.skin_variations ?? {})]
        .filter((drawing) => drawing[`has_img_${style}`])
        .map((drawing) => drawing.image);
      return images.map((image) => ({
        label,
        png: () =>
          sharp(join(modules, `emoji-datasource-${style}`, 'img', style, '64', image))
            .flatten({ background: '#ffffff' })
            .resize(SIDE, SIDE, { fit: 'contain', background: '#ffffff' })
            .png()
            .toBuffer(),
      }));
    });
  const isHeld = (one) => held.has(one.unified);
  const shuffle = (samples, split) =>
    Array.from(rng(SHUFFLE_SEED, `emoji-${split}`).permutation(samples.length), (i) => samples[i]);
  return {
    name,
    license: 'Apache-2.0 (Google drawings) and CC-BY-4.0 (Twitter drawings)',
    source:
      'npm emoji-datasource-google 16.0.0 (Noto Emoji, Google, Apache-2.0) and emoji-datasource-twitter 16.0.0 (Twemoji, Twitter and contributors, CC-BY-4.0), flattened on white. ' +
      'train: Google drawings of four fifths of the emoji. validation: Google drawings of the others, skin tones together. style: Twitter drawings of exactly the emoji of validation; no Twitter drawing is trained on.',
    shuffleSeed: SHUFFLE_SEED,
    classes,
    side: SIDE,
    shardLength: 512,
    splits: {
      train: shuffle(
        drawings('google', (one) => !isHeld(one)),
        'train',
      ),
      validation: shuffle(drawings('google', isHeld), 'validation'),
      style: shuffle(drawings('twitter', isHeld), 'style'),
    },
  };
}
