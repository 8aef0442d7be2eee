/** Keeps the screen on while training; a browser that refuses (battery, no support) is no error. */
let lock: WakeLockSentinel | undefined;

export async function holdScreen(): Promise<void> {
  try {
    // A lock that a hidden tab has lost must be asked for again.
    if (!lock || lock.released) lock = await navigator.wakeLock?.request('screen');
  } catch {
    lock = undefined;
  }
}

export function releaseScreen(): void {
  void lock?.release();
  lock = undefined;
}
