/** The keys that the page listens to, and what `?` lists: one list. */
import { useEffect } from 'react';
import type { Lab } from '../lab/lab';
import { findRun } from '../lab/state';
import { useLabItself } from './use-lab';

interface Around {
  lab: Lab;
  onHelp: () => void;
  onTheme: () => void;
}

interface Shortcut {
  /** As on the keyboard. */
  keys: readonly string[];
  what: string;
  /** Whether an event is this one; keys with Control are heard in text boxes too. */
  means: (event: KeyboardEvent) => boolean;
  everywhere?: true;
  act: (around: Around) => void;
}

const key = (wanted: string) => (event: KeyboardEvent) =>
  event.key === wanted && !event.ctrlKey && !event.metaKey && !event.altKey;

export const shortcuts: readonly Shortcut[] = [
  {
    keys: ['Space'],
    what: 'Train; pause and resume while a run is on',
    means: key(' '),
    act: ({ lab }) => playOrPause(lab),
  },
  {
    keys: ['Ctrl', 'Enter'],
    what: 'Train, from anywhere (Command and Enter on a Mac)',
    means: (event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey),
    everywhere: true,
    act: ({ lab }) => void lab.actions.start(),
  },
  { keys: ['S'], what: 'Stop the run', means: key('s'), act: ({ lab }) => lab.actions.stop() },
  {
    keys: ['/'],
    what: 'Search the settings',
    means: key('/'),
    act: () => document.querySelector<HTMLInputElement>('input[type="search"]')?.focus(),
  },
  { keys: ['T'], what: 'Light or dark', means: key('t'), act: ({ onTheme }) => onTheme() },
  { keys: ['?'], what: 'Show this list', means: key('?'), act: ({ onHelp }) => onHelp() },
];

/** Space, pressed where it means nothing else: starts, pauses, resumes. */
function playOrPause({ store, actions }: Lab): void {
  const state = store.getState();
  const run = findRun(state, state.active);
  if (!run) void actions.start();
  else if (run.state === 'paused') actions.resume();
  else if (run.state === 'running') actions.pause();
}

/** True where a key belongs to what has the focus: text boxes, switches, buttons, menus, dialogs. */
function inControl(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.closest('input, select, textarea, button, a, summary, [role], dialog') !== null
  );
}

/** Listens for the shortcuts as long as the page is mounted. */
export function useShortcuts(onHelp: () => void, onTheme: () => void): void {
  const lab = useLabItself();
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat) return;
      const shortcut = shortcuts.find(({ means }) => means(event));
      if (!shortcut || (!shortcut.everywhere && inControl(event.target))) return;
      event.preventDefault();
      shortcut.act({ lab, onHelp, onTheme });
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [lab, onHelp, onTheme]);
}
