/**
 * Calls into a worker as if its functions were here. A function among the arguments can be called from over there: that is how
 * a long call reports its progress.
 */
import { messageOf } from '../core/message';

// biome-ignore lint/suspicious/noExplicitAny: any function will do; connect() gives each its own types back.
type AnyCalls = Record<string, (...args: any[]) => Promise<unknown>>;

/** One end of a line between two threads or processes. Messages are cloned with their maps and arrays. */
export interface Channel {
  post(message: unknown, transfer?: Transferable[]): void;
  listen(heard: (message: unknown) => void): void;
}

/** The near end of a line to a worker: a browser's, or what stands for one in Node. */
export interface Peer extends Channel {
  /** The worker broke, and will answer nothing more. The message is a sentence. */
  onFailure(heard: (message: string) => void): void;
  close(): void;
}

interface Request {
  id: number;
  name: string;
  /** A function stands as undefined. */
  args: unknown[];
  /** Places of the functions among the arguments. */
  functions: number[];
}

/** The answer to a request, or before it the call of a function that was among the arguments. */
type Response =
  | { id: number; result: unknown }
  | { id: number; error: string }
  | { id: number; argument: number; args: unknown[] };

/** The far end, in a browser's worker. */
export const ownChannel = (): Channel => ({
  post: (message) => self.postMessage(message),
  listen: (heard) => self.addEventListener('message', ({ data }) => heard(data)),
});

/** Answers the calls of connect(). */
export function serve(calls: AnyCalls, channel: Channel): void {
  const answer = (response: Response) => channel.post(response);
  channel.listen(async (message) => {
    const { id, name, args, functions } = message as Request;
    const here = args.map((arg, argument) =>
      functions.includes(argument) ? (...given: unknown[]) => answer({ id, argument, args: given }) : arg,
    );
    try {
      answer({ id, result: await calls[name]?.(...here) });
    } catch (error) {
      answer({ id, error: messageOf(error) });
    }
  });
}

export interface Remote<C extends AnyCalls> {
  call<K extends keyof C & string>(name: K, ...args: Parameters<C[K]>): ReturnType<C[K]>;
  close(): void;
}

interface Caller {
  resolve(result: unknown): void;
  reject(error: Error): void;
  args: unknown[];
}

/** The worker's functions. A call rejects with the message of what went wrong over there, or of the worker's own end. */
export function connect<C extends AnyCalls>(peer: Peer): Remote<C> {
  const waiting = new Map<number, Caller>();
  let calls = 0;
  let failure: Error | undefined;
  peer.listen((message) => {
    const response = message as Response;
    const caller = waiting.get(response.id);
    if ('argument' in response) {
      const called = caller?.args[response.argument];
      if (typeof called === 'function') called(...response.args);
      return;
    }
    waiting.delete(response.id);
    if ('error' in response) caller?.reject(new Error(response.error));
    else caller?.resolve(response.result);
  });
  peer.onFailure((message) => {
    failure = new Error(message);
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  });
  return {
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        const id = calls++;
        waiting.set(id, { resolve, reject, args });
        const functions = args.flatMap((arg, i) => (typeof arg === 'function' ? [i] : []));
        const cloned = args.map((arg) => (typeof arg === 'function' ? undefined : arg));
        peer.post({ id, name, args: cloned, functions } satisfies Request);
      }) as ReturnType<C[typeof name]>,
    close: () => peer.close(),
  };
}
