/** The network between this device and a server: is it there, and if it is, what keeps a file from being read? */
import { pause } from './waiting';

/** The network failed, not the server: nothing came, or it stopped coming. */
export class Lost extends Error {}

export interface Network {
  online(): boolean;
  /** Resolves when the device is back on the network; rejects with the signal's reason. */
  untilOnline(signal?: AbortSignal): Promise<void>;
}

/** Milliseconds between two looks: not every browser tells its workers of the event. */
const LOOK_EVERY = 1000;

/** What the browser says; machines that say nothing are taken to be online. */
export const pageNetwork: Network = {
  online: () => globalThis.navigator?.onLine !== false,
  async untilOnline(signal) {
    while (!pageNetwork.online()) await pause(LOOK_EVERY, signal);
  },
};

/** Why a server that is there can't be read by this page; certain: a second look would say the same. */
interface Unreadable {
  words: string;
  certain: boolean;
}

/**
 * A browser tells its page only that a request failed. Two more requests tell why: one that does not follow redirects, one
 * whose answer the page may not see. Undefined where neither is answered, or where no browser stands between.
 */
export async function unreadable(
  url: string,
  request: typeof fetch,
  signal: AbortSignal | undefined,
): Promise<Unreadable | undefined> {
  if (globalThis.location === undefined) return undefined;
  const limit = AbortSignal.timeout(5000);
  const ask: RequestInit = {
    method: 'HEAD',
    credentials: 'omit',
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  };
  const answer = await request(url, { ...ask, redirect: 'manual' }).catch(() => undefined);
  signal?.throwIfAborted();
  if (answer?.type === 'opaqueredirect') {
    const words =
      'the server sends on to another address, and that one fails: it leads in a circle, or does not let other sites read the file (CORS).';
    return { words, certain: true };
  }
  if (answer) return undefined;
  const opaque = await request(url, { ...ask, mode: 'no-cors' }).catch(() => undefined);
  signal?.throwIfAborted();
  return (
    opaque && {
      words: 'the server answers, but does not let other sites read the file (CORS). Its owner can allow it.',
      certain: false,
    }
  );
}
