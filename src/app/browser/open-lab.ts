import { createLab, isBusy, type Lab } from '../../lab/lab';
import { addressBar } from './address';
import { browserClock } from './clock';
import { createScreenLock } from './screen-lock';
import { openStorage } from './storage';
import { openTabs } from './tabs';
import { openTrainer } from './trainer';

/** Chrome says this when a layout takes more than a frame: no fault of the page. */
const HARMLESS = /^ResizeObserver loop/;

/** Chrome tells gigabytes as a power of two, and 8 of every computer with more; other browsers tell nothing. */
const MOST_TOLD = 8;

/** Main memory as it may be at most, if it is a small one; undefined if it is large or not told. */
function computerBytes(): number | undefined {
  const { deviceMemory: told } = navigator as { deviceMemory?: number };
  return told === undefined || told >= MOST_TOLD ? undefined : told * Math.SQRT2 * 2 ** 30;
}

/** The lab of this page: a browser's worker, storage and clock, and ears for what only a window hears. */
export function openLabInBrowser(): Lab {
  const lab = createLab({
    openTrainer,
    storage: openStorage(),
    clock: browserClock,
    address: addressBar,
    tabs: openTabs(),
    computerBytes: computerBytes(),
    screen: createScreenLock(),
  });
  document.addEventListener('visibilitychange', () => lab.actions.setHidden(document.hidden));
  window.addEventListener('beforeunload', (event) => {
    // The browser asks in its own words.
    if (isBusy(lab.store.getState())) event.preventDefault();
  });
  window.addEventListener('error', ({ error, message }) => {
    if (!HARMLESS.test(message)) lab.actions.report(error ?? message);
  });
  window.addEventListener('unhandledrejection', ({ reason }) => lab.actions.report(reason));
  lab.open().catch((error: unknown) => lab.actions.report(error));
  return lab;
}
