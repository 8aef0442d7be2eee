/** A mistake of the user's, said in one line; main prints the message and nothing else. */
export class Failure extends Error {
  override name = 'Failure';
}

/**
 * What was thrown over something that a person gave. The product's refusals are plain errors with words for a person: they become
 * Failures. A TypeError and its like stay what they are: bugs.
 */
const failureOf = (error: unknown): unknown =>
  error instanceof Error && error.constructor === Error ? new Failure(error.message) : error;

/** Does work on what a person gave, and says its refusals as Failures. */
export function orFailure<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failureOf(error);
  }
}

/** The same of work that takes time. */
export async function orFailureAsync<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw failureOf(error);
  }
}
