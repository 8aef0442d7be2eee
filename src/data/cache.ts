/**
 * Shards on disk, in the origin private file system: a remote dataset is downloaded once per browser, not once per run.
 * Files are named by their SHA-256, so that nothing here can be stale; whoever reads verifies. Least recently used go first;
 * the time of use is a small file beside the shard (Chromium's lastModified does not move with sync access handles).
 * Writing and reading need a worker (sync access handles: the one way that every browser has).
 */

const FOLDER = 'shards';
const USED = '.used';
const CAP_BYTES = 4 * 2 ** 30;
/** Of what the browser grants the site, this share at most: runs and checkpoints need room too. */
const QUOTA_SHARE = 0.6;

export interface ShardCache {
  /** Bytes of a shard, or undefined; marks it as used. */
  get(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Keeps a shard if there is room for it; never throws. */
  put(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

async function folder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return await root.getDirectoryHandle(FOLDER, { create: true });
}

interface CachedShard {
  name: string;
  bytes: number;
  /** Milliseconds since 1970; 0 if unknown. */
  usedAt: number;
}

/** Least recently used first. */
async function shards(directory: FileSystemDirectoryHandle): Promise<CachedShard[]> {
  const bytes = new Map<string, number>();
  const used = new Map<string, number>();
  for await (const [name, handle] of directory.entries()) {
    if (handle.kind !== 'file') continue;
    const file = await (handle as FileSystemFileHandle).getFile();
    if (name.endsWith(USED)) used.set(name.slice(0, -USED.length), Number(await file.text()) || 0);
    else bytes.set(name, file.size);
  }
  return [...bytes]
    .map(([name, size]) => ({ name, bytes: size, usedAt: used.get(name) ?? 0 }))
    .sort((a, b) => a.usedAt - b.usedAt);
}

async function write(
  directory: FileSystemDirectoryHandle,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const handle = await directory.getFileHandle(name, { create: true });
  const access = await handle.createSyncAccessHandle();
  try {
    access.truncate(0);
    if (access.write(bytes, { at: 0 }) !== bytes.length) throw new Error('The disk is full.');
  } finally {
    access.close();
  }
}

/** The cache, or undefined where the browser (or this thread) has none. */
export async function openShardCache(capBytes = CAP_BYTES): Promise<ShardCache | undefined> {
  if (typeof FileSystemFileHandle === 'undefined' || !('createSyncAccessHandle' in FileSystemFileHandle.prototype)) {
    return undefined;
  }
  // A private window may refuse.
  const directory = await folder().catch(() => undefined);
  if (!directory) return undefined;
  const remove = async (name: string) => {
    for (const file of [name, name + USED]) await directory.removeEntry(file).catch(() => {});
  };
  const markUsed = (name: string) => write(directory, name + USED, new TextEncoder().encode(String(Date.now())));
  const makeRoom = async (bytes: number): Promise<boolean> => {
    const { quota = Number.POSITIVE_INFINITY } = await navigator.storage.estimate();
    const cap = Math.min(capBytes, quota * QUOTA_SHARE);
    if (bytes > cap) return false;
    const present = await shards(directory);
    let total = present.reduce((sum, shard) => sum + shard.bytes, bytes);
    for (const shard of present) {
      if (total <= cap) break;
      await remove(shard.name);
      total -= shard.bytes;
    }
    return true;
  };
  return {
    get: async (sha256) => {
      // Missing, or open in another worker: then it is downloaded.
      const handle = await directory.getFileHandle(sha256).catch(() => undefined);
      const access = await handle?.createSyncAccessHandle().catch(() => undefined);
      if (!access) return undefined;
      try {
        const bytes = new Uint8Array(access.getSize());
        access.read(bytes, { at: 0 });
        await markUsed(sha256).catch(() => {});
        return bytes;
      } finally {
        access.close();
      }
    },
    put: async (sha256, bytes) => {
      try {
        if (!(await makeRoom(bytes.length))) return;
        await write(directory, sha256, bytes);
        await markUsed(sha256);
      } catch {
        // A full disk or a second writer costs only the next download.
        await remove(sha256);
      }
    },
  };
}

/** Bytes of shards on disk. */
export async function shardCacheBytes(): Promise<number> {
  return (await shards(await folder())).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Removes every shard from disk. */
export async function clearShardCache(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(FOLDER, { recursive: true }).catch(() => {});
}
