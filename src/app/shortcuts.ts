import { useEffect } from 'react';
import { findRun } from './kept-runs';
import { useRuns } from './state';
import { pause, resume, stop, train } from './training';

/** What `?` lists. */
export const shortcuts = [
  { keys: ['Space'], what: 'Train; pause and resume while a run is on' },
  { keys: ['Ctrl', 'Enter'], what: 'Train, from anywhere (Command and Enter on a Mac)' },
  { keys: ['S'], what: 'Stop the run' },
  { keys: ['/'], what: 'Search the settings' },
  { keys: ['T'], what: 'Light or dark' },
  { keys: ['?'], what: 'Show this list' },
] as const;

/** Space, pressed where it means nothing else: starts, pauses, resumes. */
export function playOrPause(): void {
  const run = findRun(useRuns.getState().active);
  if (!run) train();
  else if (run.state === 'paused') resume();
  else if (run.state === 'running') pause();
}

/** True where a key belongs to what has the focus: text boxes, switches, buttons, menus, dialogs. */
function inControl(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.closest('input, select, textarea, button, a, summary, [role], dialog') !== null
  );
}

/** Listens for the shortcuts as long as the page is mounted. */
export function useShortcuts(onHelp: () => void, onTheme: () => void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat) return;
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        train();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || inControl(event.target)) return;
      const actions: Record<string, () => void> = {
        ' ': playOrPause,
        s: stop,
        t: onTheme,
        '?': onHelp,
        '/': () => document.querySelector<HTMLInputElement>('input[type="search"]')?.focus(),
      };
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [onHelp, onTheme]);
}
