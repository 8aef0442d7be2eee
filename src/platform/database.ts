/**
 * IndexedDB as every store of Tricklab opens it: one connection that gives way to a newer page, comes back when it was cut, and
 * says in words why it can't be had.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { messageOf } from '../core/message';

export interface DatabaseOptions<S extends DBSchema> {
  version: number;
  /** Additive: what an earlier version stored stays. */
  upgrade(database: IDBPDatabase<S>): void;
}

export interface Database<S extends DBSchema> {
  /** Works with an open connection, opened anew where there is none. Rejects with a sentence. */
  use<T>(work: (db: IDBPDatabase<S>) => Promise<T>): Promise<T>;
}

/** An earlier version of the page, in another tab, holds the database: it can be opened once that tab is closed. */
export class DatabaseBlocked extends Error {
  constructor() {
    super('another tab holds them open in an older version of Tricklab; close the other Tricklab tabs');
  }
}

/** Why a browser refused, for a person: by the error's name, because the messages are the machine's. */
function reason(error: unknown): Error {
  if (error instanceof DatabaseBlocked || !(error instanceof Error))
    return new Error(messageOf(error), { cause: error });
  const words: Record<string, string> = {
    QuotaExceededError: 'the room that this browser gives to the page is full',
    VersionError: 'a newer version of Tricklab was opened in another tab; reload this page',
    SecurityError: "this browser's settings forbid it",
    InvalidStateError: 'the browser closed the database',
    NotFoundError: 'a part of the database is missing',
    AbortError: 'the browser broke off the write',
    UnknownError: 'the browser could not reach its disk',
  };
  return new Error(words[error.name] ?? messageOf(error), { cause: error });
}

/** True for what a new connection may mend: the old one was closed under the work, as when site data are cleared. */
const wasCut = (error: unknown) => error instanceof Error && error.name === 'InvalidStateError';

/** A database that is opened at its first use. */
export function openDatabase<S extends DBSchema>(name: string, options: DatabaseOptions<S>): Database<S> {
  let opening: Promise<IDBPDatabase<S>> | undefined;
  /** Rejects as soon as another tab is seen to stand in the way; the opening itself goes on. */
  let blocked: Promise<never> | undefined;

  function open(): Promise<IDBPDatabase<S>> {
    if (typeof indexedDB === 'undefined') return Promise.reject(new Error('this browser has no IndexedDB'));
    if (!opening) {
      let stop: (error: Error) => void = () => undefined;
      blocked = new Promise((_, reject) => {
        stop = reject;
      });
      blocked.catch(() => undefined);
      const mine = openDB<S>(name, options.version, {
        upgrade: options.upgrade,
        blocked: () => stop(new DatabaseBlocked()),
        // A newer page in another tab wants to change the database: this one must not stand in its way.
        blocking: (_current, _next, event) => {
          forget(mine);
          (event.target as IDBDatabase).close();
        },
        terminated: () => forget(mine),
      });
      opening = mine;
      mine.then(
        () => {
          blocked = undefined;
        },
        () => forget(mine),
      );
    }
    return blocked ? Promise.race([opening, blocked]) : opening;
  }

  function forget(which: Promise<IDBPDatabase<S>>): void {
    if (opening !== which) return;
    opening = undefined;
    blocked = undefined;
  }

  return {
    async use(work) {
      try {
        const connection = open();
        const used = opening;
        try {
          return await work(await connection);
        } catch (error) {
          if (!wasCut(error)) throw error;
          if (used) forget(used);
          return await work(await open());
        }
      } catch (error) {
        throw error instanceof DatabaseBlocked ? error : reason(error);
      }
    },
  };
}
