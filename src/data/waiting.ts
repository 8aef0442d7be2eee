/** Waiting that can be ended, and that says what it waits for. */

/** Resolves after milliseconds; rejects with the signal's reason as soon as it is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** The work's result, or the signal's reason as soon as it is aborted: whatever the work does then is nobody's business. */
export function abortable<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Milliseconds: what is over sooner is not worth a word, and words that change faster can't be read. */
const QUIET = 300;

export interface Announcer {
  /** What goes on now; told while somebody waits. */
  heard(message: string): void;
  /** The work's result; meanwhile what is heard is told, and at the end that the wait is over (undefined). */
  during<T>(work: Promise<T>): Promise<T>;
}

/** Tells what is waited for, only while something is waited for, at most about three times a second. */
export function announcer(tell: (message: string | undefined) => void): Announcer {
  let waiting = 0;
  let latest: string | undefined;
  let told: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const schedule = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (waiting === 0 || latest === told) return;
      told = latest;
      tell(latest);
    }, QUIET);
  };
  return {
    heard(message) {
      latest = message;
      if (waiting > 0) schedule();
    },
    async during(work) {
      waiting++;
      if (latest !== undefined) schedule();
      try {
        return await work;
      } finally {
        if (--waiting === 0) {
          clearTimeout(timer);
          timer = undefined;
          latest = undefined;
          if (told !== undefined) tell(undefined);
          told = undefined;
        }
      }
    },
  };
}
