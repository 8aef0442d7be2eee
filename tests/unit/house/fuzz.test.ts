/** A few hundred damaged inputs for every reader; `npm run fuzz` has ten thousand. */
import { expect, it } from 'vitest';
import { fuzz, readers } from '../../fuzz/readers';

it.each(readers.map((reader) => [reader.name, reader] as const))(
  '%s: whatever is brought is taken or refused in words',
  (_, reader) => {
    const { wrong, accepted, cases } = fuzz(reader, { cases: 300 });
    expect(wrong).toEqual([]);
    // Both sides of the reader are seen.
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(cases);
  },
);
