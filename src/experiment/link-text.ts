/**
 * What chats, mails, address bars and scripts do to a link on its way, undone where it is certain. What toLink writes passes
 * unchanged, whatever the experiment.
 */
import { isTrackingKey } from './tracking-keys';

/** Zero-width characters, soft hyphens, marks of direction and of byte order: nobody sees them, and no key holds one. */
const UNSEEN = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/gu;
/** Brackets, quotes and spaces around a link, and the punctuation of the sentence that it ends. */
const BEFORE = /^[\s<([{"'`*“”„‘’«‹]+/u;
const AFTER = /[\s>)\]}"'`*“”‘’»›.,;:!?…]/u;
/** Quoted-printable, as mails are sent: every '=' is written =3D, and a line that ends in one goes on. */
const QUOTED_PRINTABLE = /^(?:[^=]|=3D|=\r?\n)+$/i;
const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;
/** The address that a text option holds, encoded once more than it was meant. */
const ENCODED_ADDRESS = /^https?%(?:25)*3A/i;

function unwrapped(text: string): string {
  const plain = text.replace(UNSEEN, '').replace(BEFORE, '');
  // A pattern that ends in $ would be tried at every place: quadratic in a text of full stops.
  let end = plain.length;
  while (end > 0 && AFTER.test(plain[end - 1] as string)) end--;
  return plain.slice(0, end);
}

/** The text with one layer of %XX of ASCII characters taken off; what is none stays. */
const decodedOnce = (text: string) =>
  text.replaceAll(/%([0-7][\da-f])/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** A query string, or an address, whose every '=' was encoded, too. */
function unencoded(text: string): string {
  let plain = text;
  while (!plain.includes('=') && /%(?:25)*3D/i.test(plain)) plain = decodedOnce(plain);
  return plain;
}

function withoutMailsMarks(text: string): string {
  const whole = /=3D/i.test(text) && QUOTED_PRINTABLE.test(text);
  return whole ? text.replaceAll(/=\r?\n/g, '').replaceAll(/=3D/gi, '=') : text;
}

/** A link as it was before it was wrapped, broken, escaped or ended with a full stop. */
export const tidyLink = (text: string): string =>
  unencoded(unwrapped(withoutMailsMarks(text)))
    .split(/[\r\n\t]/)
    .map((line) => line.trim())
    .join('')
    // Escaped for JSON, a shell or Markdown.
    .replaceAll(/\\u0026/gi, '&')
    .replaceAll(/\\(?=[?&=#_*-])/g, '')
    // Escaped for HTML, perhaps twice.
    .replaceAll(/&(?:(?:amp|#0*38|#x0*26);)+/gi, '&');

/** A script may have put its own keys behind a second question mark. */
const withOneMark = (query: string) =>
  query.replaceAll(/\?(?=([^?&=]+)=)/g, (mark, key: string) => (isTrackingKey(key) ? '&' : mark));

/** The query string in a piece of a link: what follows its question mark, or all of it if it is settings alone. */
function queryOf(piece: string): string {
  const plain = piece.replace(/^[!/]+/, '');
  const mark = plain.search(SCHEME.test(plain) ? /\?/ : /[?=]/);
  if (mark < 0) return '';
  return plain[mark] === '?' ? plain.slice(mark + 1) : plain;
}

/**
 * Keys and values of a link: of a whole address with or without its scheme, of a query string with or without '?', and of what
 * stands behind '#'.
 */
export function linkPairs(text: string): [key: string, value: string][] {
  const query = tidyLink(text)
    .split('#')
    // A text to scroll to.
    .filter((piece) => !piece.startsWith(':~:'))
    .map((piece) => withOneMark(queryOf(piece)))
    .join('&');
  const plain = query.split('&').map(unencoded).join('&');
  return [...new URLSearchParams(plain)].map(([key, value]) => [
    key,
    ENCODED_ADDRESS.test(value) ? decodedWhole(value) : value,
  ]);
}

function decodedWhole(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A key or a value that means nothing as it stands, without what may have been done to it. */
export function mended(text: string): string {
  let plain = text;
  for (let layer = 0; layer < 3 && plain.includes('%'); layer++) plain = decodedWhole(plain);
  return unwrapped(plain.replace(/^(?:amp;)+/i, ''));
}

/** The query string in a form that tidying leaves alone: its last character is none that ends a sentence or a bracket. */
export const withFirmEnd = (query: string): string =>
  query.replace(/[.,:!')*]$/, (last) => `%${last.charCodeAt(0).toString(16).toUpperCase()}`);

/** The value so that linkPairs gives it back: an address that is encoded by intention gets another layer. */
export const withOwnLayers = (value: string): string =>
  ENCODED_ADDRESS.test(value) ? encodeURIComponent(value) : value;
