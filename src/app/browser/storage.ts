import type { LabStorage } from '../../lab/ports';
import { openCheckpointStore } from '../../runs/checkpoints';
import { openRunStore } from '../../runs/store';

/** A text of this site in the browser; a browser that keeps nothing is no error. */
export const keptText = (key: string) => ({
  read(): string | undefined {
    try {
      return localStorage.getItem(key) ?? undefined;
    } catch {
      return undefined;
    }
  },
  write(text: string): void {
    try {
      localStorage.setItem(key, text);
    } catch {
      // Gone with the page, then.
    }
  },
});

export function openStorage(): LabStorage {
  const preferences = keptText('tricklab-preferences');
  return {
    runs: openRunStore(),
    checkpoints: openCheckpointStore(),
    readPreferences: preferences.read,
    writePreferences: preferences.write,
  };
}
