import type { LabPorts } from '../../lab/ports';

/** Keeps the screen on while training; a browser that refuses (battery, no support) is no error. */
export function createScreenLock(): LabPorts['screen'] {
  let lock: WakeLockSentinel | undefined;
  let wanted = false;
  const ask = async () => {
    // A lock that a hidden tab has lost must be asked for again.
    if (lock && !lock.released) return;
    try {
      lock = await navigator.wakeLock?.request('screen');
    } catch {
      lock = undefined;
    }
    if (!wanted) void lock?.release();
  };
  return {
    hold() {
      wanted = true;
      void ask();
    },
    release() {
      wanted = false;
      void lock?.release();
      lock = undefined;
    },
  };
}
