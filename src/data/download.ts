/** Whole-file downloads that survive what networks do: retries, rate limits, cut connections. */
import { messageOf } from '../core/message';
import { rng } from '../core/rng';

export interface DownloadOptions {
  /** Access token, sent as a bearer token; kept in memory only. */
  token?: string;
  /** Size that the index declares, bytes: less is a cut connection. */
  expectedBytes?: number;
  signal?: AbortSignal;
  fetch?: typeof fetch;
  /** Waits milliseconds between tries. */
  sleep?: (ms: number) => Promise<void>;
}

const ATTEMPTS = 6;
const FIRST_WAIT_MS = 500;
/** A server that asks for more patience than this is given up on, with its answer as the reason. */
const LONGEST_WAIT_MS = 5 * 60_000;
const MAX_BYTES = 2 ** 31;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A failure that no further try can mend. */
class Refused extends Error {}

/** Milliseconds that the server asks to wait: Retry-After (seconds or a date), or RateLimit with nothing left (IETF draft). */
export function serverWait(headers: Headers, now: number): number | undefined {
  const after = headers.get('retry-after');
  if (after) {
    const ms = /^\d+$/.test(after.trim()) ? Number(after) * 1000 : Date.parse(after) - now;
    if (Number.isFinite(ms)) return Math.max(0, ms);
  }
  const limit = headers.get('ratelimit');
  const seconds =
    limit && /(^|[;,\s])(r|remaining)=0\b/.test(limit) && /(?:^|[;,\s])(?:t|reset)=(\d+)/.exec(limit)?.[1];
  return seconds ? Number(seconds) * 1000 : undefined;
}

function refusal(url: string, status: number): Refused | undefined {
  if (status === 401 || status === 403) {
    return new Refused(`${url} is not public: the server answered ${status}. Give an access token that may read it.`);
  }
  if (status === 404 || status === 410) return new Refused(`${url} does not exist: the server answered ${status}.`);
  const mayPass = status === 408 || status === 425 || status === 429 || status >= 500;
  return mayPass ? undefined : new Refused(`${url} can't be downloaded: the server answered ${status}.`);
}

/** Bytes received so far; grows over tries. */
interface Received {
  chunks: Uint8Array[];
  bytes: number;
}

async function attempt(url: string, received: Received, options: DownloadOptions): Promise<void> {
  const headers: Record<string, string> = {};
  if (options.token) headers.Authorization = `Bearer ${options.token}`;
  if (received.bytes > 0) headers.Range = `bytes=${received.bytes}-`;
  const response = await (options.fetch ?? fetch)(url, { headers, signal: options.signal ?? null });
  if (!response.ok) {
    await response.body?.cancel();
    // The rest that was asked for is not there: begin anew.
    if (response.status === 416) received.chunks.length = received.bytes = 0;
    else throw refusal(url, response.status) ?? new Busy(response.status, serverWait(response.headers, Date.now()));
    throw new Error('the server has no rest of the file');
  }
  const continues =
    response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${received.bytes}-`);
  if (received.bytes > 0 && !continues) received.chunks.length = received.bytes = 0;
  if (response.status === 206 && !continues) throw new Error('the server sent another part than asked for');
  const declared = response.headers.get('content-encoding') ? null : response.headers.get('content-length');
  const total = options.expectedBytes ?? (declared === null ? undefined : received.bytes + Number(declared));
  if ((total ?? 0) > MAX_BYTES) throw new Refused(`${url} is larger than 2 GiB, too large for a shard.`);
  const reader = response.body?.getReader();
  if (!reader) throw new Error('the answer was empty');
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    received.chunks.push(value);
    received.bytes += value.length;
    if (received.bytes > MAX_BYTES) throw new Refused(`${url} is larger than 2 GiB, too large for a shard.`);
  }
  if (total !== undefined && received.bytes < total) {
    throw new Error(`the connection was cut after ${received.bytes} of ${total} bytes`);
  }
}

class Busy extends Error {
  constructor(
    status: number,
    readonly waitMs: number | undefined,
  ) {
    super(`the server answered ${status}`);
  }
}

/**
 * Downloads a file. Tries up to 6 times with exponential backoff and jitter, waits as long as Retry-After or RateLimit
 * says (5 minutes at most), and continues a cut transfer with a Range request.
 * Throws an Error with a message for a person.
 */
export async function download(url: string, options: DownloadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const received: Received = { chunks: [], bytes: 0 };
  for (let tried = 1; ; tried++) {
    try {
      await attempt(url, received, options);
      break;
    } catch (error) {
      if (error instanceof Refused || options.signal?.aborted) throw error;
      const reason = messageOf(error);
      const backoff = FIRST_WAIT_MS * 2 ** (tried - 1) * rng(0, `retry/${url}`, tried).uniform(0.5, 1.5);
      const wait = (error instanceof Busy && error.waitMs) || backoff;
      if (tried === ATTEMPTS || wait > LONGEST_WAIT_MS) {
        const asked = wait > LONGEST_WAIT_MS ? ` It asks to wait ${Math.ceil(wait / 60_000)} minutes.` : '';
        throw new Error(
          `${url} could not be downloaded after ${tried} tries: ${reason}.${asked} Check the connection, and that the server lets other sites read the file (CORS).`,
          { cause: error },
        );
      }
      await (options.sleep ?? pause)(wait);
    }
  }
  const file = new Uint8Array(received.bytes);
  let at = 0;
  for (const chunk of received.chunks) {
    file.set(chunk, at);
    at += chunk.length;
  }
  return file;
}
