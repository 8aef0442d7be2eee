/** What a thrown value says: an error's message, or its name where that is empty, or the value as text. Never empty. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  const text = typeof thrown === 'object' && thrown !== null ? '' : String(thrown);
  return text || 'no reason was given';
}

/** A reason as a sentence: with a full stop, if it has no end of its own. */
export const sentence = (reason: string): string => (/[.!?]$/.test(reason) ? reason : `${reason}.`);
