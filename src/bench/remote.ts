/** Calls into a worker as if its functions were here. */

// biome-ignore lint/suspicious/noExplicitAny: any function will do; connect() gives each its own types back.
type AnyCalls = Record<string, (...args: any[]) => Promise<unknown>>;

interface Request {
  id: number;
  name: string;
  args: unknown[];
}

type Response = { id: number; result: unknown } | { id: number; error: string };

/** Answers the calls of connect() in this worker. */
export function serve(calls: AnyCalls): void {
  self.addEventListener('message', async ({ data: { id, name, args } }: MessageEvent<Request>) => {
    let response: Response;
    try {
      response = { id, result: await calls[name]?.(...args) };
    } catch (error) {
      response = { id, error: error instanceof Error ? error.message : String(error) };
    }
    self.postMessage(response);
  });
}

export interface Remote<C extends AnyCalls> {
  call<K extends keyof C & string>(name: K, ...args: Parameters<C[K]>): ReturnType<C[K]>;
  close(): void;
}

/** The worker's functions. A call rejects with the message of what went wrong over there. */
export function connect<C extends AnyCalls>(worker: Worker): Remote<C> {
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let calls = 0;
  worker.addEventListener('message', ({ data }: MessageEvent<Response>) => {
    const caller = waiting.get(data.id);
    waiting.delete(data.id);
    if ('error' in data) caller?.reject(new Error(data.error));
    else caller?.resolve(data.result);
  });
  worker.addEventListener('error', ({ message }) => {
    for (const { reject } of waiting.values()) reject(new Error(`A worker of the benchmark failed: ${message}`));
    waiting.clear();
  });
  return {
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        const id = calls++;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, name, args } satisfies Request);
      }) as ReturnType<C[typeof name]>,
    close: () => worker.terminate(),
  };
}
