/**
 * Whole-file downloads that survive what networks do: retries, rate limits, cut and silent connections, a network that is
 * gone for a while. Every wait heeds the signal and has a limit.
 */
import { messageOf } from '../core/message';
import { rng } from '../core/rng';
import { Lost, type Network, pageNetwork, unreadable } from './network';
import { whatItIs } from './recognise';
import { abortable, pause } from './waiting';

/** How long a download waits for what. Milliseconds. */
export interface Patience {
  attempts: number;
  firstWaitMs: number;
  /** Without a byte for this long a try has failed. */
  stallMs: number;
  /** A server that asks for more is given up on, with its answer as the reason. */
  longestWaitMs: number;
  /** A server that has answered before may be out of reach for this long. */
  outageMs: number;
}

const PATIENCE: Patience = {
  attempts: 6,
  firstWaitMs: 500,
  stallMs: 30_000,
  longestWaitMs: 5 * 60_000,
  outageMs: 10 * 60_000,
};

/** What a download does now. */
export type DownloadStatus =
  | { kind: 'receiving'; bytes: number; total?: number | undefined }
  | { kind: 'waiting'; ms: number; reason: string }
  | { kind: 'offline' };

export interface DownloadOptions {
  /** Access token, sent as a bearer token; kept in memory only. */
  token?: string;
  /** Size that the index declares, bytes: less is a cut connection. */
  expectedBytes?: number;
  /** More is refused. Default 2 GiB. */
  maxBytes?: number;
  signal?: AbortSignal;
  fetch?: typeof fetch;
  /** Waits milliseconds between tries. */
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  patience?: Partial<Patience>;
  /** Whether this device has a network. Default: what the browser says. */
  network?: Network;
  /** The server is known to answer this site: a failure is then the network's, and worth waiting for. */
  answered?: () => boolean;
  onStatus?: (status: DownloadStatus) => void;
}

const MAX_BYTES = 2 ** 31;
/** Between tries, whatever their number. */
const LONGEST_BACKOFF_MS = 15_000;

/** A failure that no further try can mend. */
class Refused extends Error {}

/** There is no such file. */
export class Missing extends Refused {}

/** The answer is something else than the file, such as a sign-in page. */
class Foreign extends Error {}

class Busy extends Error {
  constructor(
    readonly status: number,
    readonly waitMs: number | undefined,
  ) {
    super(`the server answered ${status}`);
  }
}

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
  if (status === 404 || status === 410) return new Missing(`${url} does not exist: the server answered ${status}.`);
  const mayPass = status === 408 || status === 425 || status === 429 || status >= 500;
  return mayPass ? undefined : new Refused(`${url} can't be downloaded: the server answered ${status}.`);
}

/** Bytes received so far; grows over tries. */
interface Received {
  chunks: Uint8Array[];
  bytes: number;
}

const forget = (received: Received) => {
  received.chunks.length = received.bytes = 0;
};

/** One request. Throws a Lost for what the network did, a Busy or a Refused for what the server answered. */
async function attempt(url: string, received: Received, options: DownloadOptions, stallMs: number): Promise<void> {
  const headers: Record<string, string> = {};
  if (options.token) headers.Authorization = `Bearer ${options.token}`;
  if (received.bytes > 0) headers.Range = `bytes=${received.bytes}-`;
  const silence = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, silence.signal]) : silence.signal;
  const stall = () => silence.abort(new Lost(`nothing came for ${Math.round(stallMs / 1000)} s`));
  let timer = setTimeout(stall, stallMs);
  /** The result of a step; its end is a sign of life. */
  const hear = async <T>(step: Promise<T>): Promise<T> => {
    const result = await abortable(step, signal).catch((error: unknown) => {
      if (signal.aborted) throw signal.reason;
      throw new Lost(messageOf(error), { cause: error });
    });
    clearTimeout(timer);
    timer = setTimeout(stall, stallMs);
    return result;
  };
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    const response = await hear((options.fetch ?? fetch)(url, { headers, signal }));
    if (!response.ok) {
      response.body?.cancel().catch(() => {});
      // The rest that was asked for is not there: begin anew.
      if (response.status !== 416)
        throw refusal(url, response.status) ?? new Busy(response.status, serverWait(response.headers, Date.now()));
      forget(received);
      throw new Lost('the server has no rest of the file');
    }
    const continues =
      response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${received.bytes}-`);
    if (received.bytes > 0 && !continues) forget(received);
    if (response.status === 206 && !continues) throw new Lost('the server sent another part than asked for');
    const declared = response.headers.get('content-encoding') ? null : response.headers.get('content-length');
    const total = options.expectedBytes ?? (declared === null ? undefined : received.bytes + Number(declared));
    const most = options.maxBytes ?? MAX_BYTES;
    const tooLarge = () =>
      new Refused(`${url} is larger than ${Math.floor(most / 2 ** 20)} MiB, too large to be read.`);
    if ((total ?? 0) > most) throw tooLarge();
    reader = response.body?.getReader();
    if (!reader) throw new Lost('the answer was empty');
    for (;;) {
      const { done, value } = await hear(reader.read());
      if (done) break;
      received.chunks.push(value);
      received.bytes += value.length;
      if (received.bytes > most) throw tooLarge();
      options.onStatus?.({ kind: 'receiving', bytes: received.bytes, total });
    }
    const other = whatItIs(received.chunks[0] ?? new Uint8Array(0));
    if (other && /web page|LFS/.test(other)) throw new Foreign(other);
    if (total !== undefined && received.bytes < total) {
      throw new Lost(`the connection was cut after ${received.bytes} of ${total} bytes`);
    }
  } catch (error) {
    reader?.cancel().catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function adviceFor(error: unknown): string {
  if (error instanceof Busy) return error.status === 429 ? ' Try again later.' : ' It is the server that fails.';
  if (error instanceof Foreign) return ' Does the address need a sign-in?';
  return ' Check the connection and the address.';
}

/**
 * Downloads a file. Tries up to 6 times with exponential backoff and jitter, waits as long as Retry-After or RateLimit
 * says (5 minutes at most), continues a cut transfer with a Range request, takes half a minute without a byte for a failed
 * try, and waits for the network where it is gone. Throws an Error with a message for a person, or the signal's reason.
 */
export async function download(url: string, options: DownloadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { signal, onStatus, network = pageNetwork, sleep = pause } = options;
  const patience = { ...PATIENCE, ...options.patience };
  const received: Received = { chunks: [], bytes: 0 };
  let tried = 0;
  let lostSince: number | undefined;
  for (;;) {
    const before = received.bytes;
    tried++;
    try {
      await attempt(url, received, options, patience.stallMs);
      break;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Refused) throw error;
      // What came since the last failure was worth the try.
      if (before > 0 && received.bytes > before) [tried, lostSince] = [1, undefined];
      if (error instanceof Foreign) forget(received);
      if (error instanceof Lost && !network.online()) {
        onStatus?.({ kind: 'offline' });
        await network.untilOnline(signal);
        tried--;
        continue;
      }
      const lost = error instanceof Lost;
      const reason = error instanceof Foreign ? `it is ${error.message}` : messageOf(error);
      const patient = lost && options.answered?.() === true;
      lostSince = lost ? (lostSince ?? Date.now()) : undefined;
      const spent = patient ? Date.now() - (lostSince as number) > patience.outageMs : tried >= patience.attempts;
      const backoff = Math.min(
        LONGEST_BACKOFF_MS,
        patience.firstWaitMs * 2 ** (tried - 1) * rng(0, `retry/${url}`, tried).uniform(0.5, 1.5),
      );
      const wait = (error instanceof Busy && error.waitMs) || backoff;
      if (!patient && lost && tried >= 2) {
        const why = await unreadable(url, options.fetch ?? fetch, signal);
        if (why && (tried >= 3 || why.certain)) throw new Error(`${url} can't be read: ${why.words}`, { cause: error });
      }
      if (spent || wait > patience.longestWaitMs || (error instanceof Foreign && tried >= 2)) {
        const asked = wait > patience.longestWaitMs ? ` It asks to wait ${Math.ceil(wait / 60_000)} minutes.` : '';
        const tries = `${tried} ${tried === 1 ? 'try' : 'tries'}`;
        throw new Error(`${url} could not be downloaded after ${tries}: ${reason}.${asked}${adviceFor(error)}`, {
          cause: error,
        });
      }
      onStatus?.(patient && tried > 2 ? { kind: 'offline' } : { kind: 'waiting', ms: wait, reason });
      await abortable(sleep(wait, signal), signal);
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
