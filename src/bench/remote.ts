/** Calls into a worker as if its functions were here. */
import { messageOf } from '../core/message';

// biome-ignore lint/suspicious/noExplicitAny: any function will do; connect() gives each its own types back.
type AnyCalls = Record<string, (...args: any[]) => Promise<unknown>>;

/** One end of a line between two threads or processes. Messages are cloned with their maps and arrays. */
export interface Channel {
  post(message: unknown): void;
  listen(heard: (message: unknown) => void): void;
}

/** The near end of a line to a worker: a browser's, or what stands for one in Node. */
export interface Peer extends Channel {
  /** The worker broke, and will answer nothing more. */
  onFailure(heard: (message: string) => void): void;
  close(): void;
}

interface Request {
  id: number;
  name: string;
  args: unknown[];
}

type Response = { id: number; result: unknown } | { id: number; error: string };

export const workerPeer = (worker: Worker): Peer => ({
  post: (message) => worker.postMessage(message),
  listen: (heard) => worker.addEventListener('message', ({ data }) => heard(data)),
  onFailure: (heard) => worker.addEventListener('error', ({ message }) => heard(message)),
  close: () => worker.terminate(),
});

/** The far end, in a browser's worker. */
export const ownChannel = (): Channel => ({
  post: (message) => self.postMessage(message),
  listen: (heard) => self.addEventListener('message', ({ data }) => heard(data)),
});

/** Answers the calls of connect(). */
export function serve(calls: AnyCalls, channel: Channel): void {
  channel.listen(async (message) => {
    const { id, name, args } = message as Request;
    let response: Response;
    try {
      response = { id, result: await calls[name]?.(...args) };
    } catch (error) {
      response = { id, error: messageOf(error) };
    }
    channel.post(response);
  });
}

export interface Remote<C extends AnyCalls> {
  call<K extends keyof C & string>(name: K, ...args: Parameters<C[K]>): ReturnType<C[K]>;
  close(): void;
}

/** The worker's functions. A call rejects with the message of what went wrong over there. */
export function connect<C extends AnyCalls>(peer: Peer): Remote<C> {
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let calls = 0;
  let failure: Error | undefined;
  peer.listen((message) => {
    const response = message as Response;
    const caller = waiting.get(response.id);
    waiting.delete(response.id);
    if ('error' in response) caller?.reject(new Error(response.error));
    else caller?.resolve(response.result);
  });
  peer.onFailure((message) => {
    failure = new Error(`A worker of the benchmark failed: ${message}`);
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  });
  return {
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        const id = calls++;
        waiting.set(id, { resolve, reject });
        peer.post({ id, name, args } satisfies Request);
      }) as ReturnType<C[typeof name]>,
    close: () => peer.close(),
  };
}
