/** The tabs of this site: each holds a lock as long as it lives, and they talk over a channel. */
import type { TabMessage, Tabs } from '../../lab/ports';

const PREFIX = 'tricklab-tab-';

/** Takes the first free name from a moment on, and holds it until the tab is gone. */
async function holdName(locks: LockManager): Promise<string> {
  for (let moment = Date.now(); ; moment++) {
    const name = `${PREFIX}${moment.toString(36)}`;
    const held = await new Promise<boolean>((resolve) => {
      const forGood = (lock: Lock | null) => {
        resolve(lock !== null);
        return lock ? new Promise<never>(() => undefined) : undefined;
      };
      locks.request(name, { ifAvailable: true }, forGood).catch(() => resolve(true));
    });
    if (held) return name;
  }
}

export function openTabs(): Tabs {
  // Neither exists in a page that is not served securely: then every tab is as good as alone.
  const locks = navigator.locks as LockManager | undefined;
  const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('tricklab');
  return {
    join: async () => (locks ? holdName(locks) : ''),
    async alive() {
      const { held = [] } = (await locks?.query().catch(() => undefined)) ?? {};
      return new Set(held.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name] : [])));
    },
    tell: (message) => channel?.postMessage(message),
    listen: (heard) =>
      channel?.addEventListener('message', ({ data }: MessageEvent<TabMessage>) => {
        heard(data);
      }),
  };
}
