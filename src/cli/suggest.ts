/** What somebody who mistyped a name may have meant. */
import { closest, distance } from 'fastest-levenshtein';

/** label_smoothing, LabelSmoothing and label-smoothing are one name to a person. */
const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9.]/g, '');

/** ' Did you mean mixup?', or nothing if no name is near. Two letters the wrong way round count twice, even in short names. */
export function didYouMean(typed: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const near = closest(plain(typed), names.map(plain));
  const name = names.find((candidate) => plain(candidate) === near);
  const most = Math.max(1, Math.round(0.4 * near.length));
  return name !== undefined && distance(plain(typed), near) <= most ? ` Did you mean ${name}?` : '';
}
