/** A mistake of the user's, said in one line; main prints the message and nothing else. */
export class Failure extends Error {
  override name = 'Failure';
}
